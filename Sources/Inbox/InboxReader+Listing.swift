package import RingbackCore

/// What lies in an inbox, for people and for scripts that watch over it.
extension InboxReader {
    package struct Entry: Sendable, Hashable {
        package let name: String
        package let path: String
        /// When it was written; of a claimed one, when it was claimed.
        package let since: Timestamp
        /// `nil` while it waits in `new`.
        package let claim: Claim?

        package struct Claim: Sendable, Hashable {
            /// When it goes back to `new`; `nil` when it does not.
            package let endsAt: Timestamp?
        }
    }

    /// Everything in the inbox.
    ///
    /// - Returns: The waiting files, oldest first, then the claimed ones; and how many entries are not given to readers, since they are
    ///   hidden, directories, or named in no way that an inbox's files are.
    package func entries() throws(InboxReadingError) -> (entries: [Entry], others: Int) {
        try withFolders { folders throws(InboxReadingError) in
            var entries: [Entry] = []
            var others = 0
            for (folder, place) in [(folders.new, "new"), (folders.cur, "cur")] {
                for name in try names(folder).sorted() where !name.hasSuffix(ClaimedName.textExtension) {
                    let claim = place == "cur" ? ClaimedName(name) : nil
                    guard claim != nil || ClaimedName.isFit(name), let status = try status(name, folder), status.isRegularFile else {
                        others += 1
                        continue
                    }
                    // A file that was moved by hand has no claim in its name; the move itself is in its times.
                    let since = place == "new" ? status.modifiedAt : claim?.claimedAt ?? status.changedAt
                    entries.append(
                        Entry(
                            name: name, path: path(name, in: place), since: since,
                            claim: place == "cur" ? Entry.Claim(endsAt: claim?.endsAt) : nil))
                }
            }
            return (entries, others)
        }
    }
}
