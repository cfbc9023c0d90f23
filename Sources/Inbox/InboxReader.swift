import Glibc
package import RingbackCore

/// Takes files out of an inbox directory, beside any number of others who do the same (contract, section 8).
///
/// | step | what makes it safe |
/// |---|---|
/// | claim: `new/NAME.json` becomes `cur/NAME.claimed-….json` | one rename: of several readers one wins, the others get `ENOENT` and take the next file |
/// | acknowledge: the file in `cur` is removed | its name is the claim's own, so nobody else's claim can be removed |
/// | put back: it is renamed to what it was called in `new` | never replaces a file there |
/// | a lease that ran out is put back by any reader that comes by | reader and rescuer rename or remove the same name: one wins, the other gets `ENOENT` |
///
/// A text beside the file moves with it: into `new` before the `.json`, out of it after. So who has the `.json` finds the text.
/// All functions block. Nothing is kept open between calls, so a directory that was made anew is found.
package struct InboxReader: Sendable {
    /// How many names of a directory are looked at. In a larger one the oldest of these counts as the oldest.
    static let maximumNames = 100_000

    package let directory: String
    private let fileSystem: any InboxFileSystem

    /// - Parameter fileSystem: The real one, save in tests.
    package init(_ directory: String, fileSystem: any InboxFileSystem = PosixFileSystem()) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    // MARK: Taking

    /// Claims the oldest file.
    ///
    /// - Parameter lease: After this time the file goes back to `new` unless it was acknowledged; `nil`: never.
    /// - Returns: Its path now; `nil` when there is none.
    package func claim(now: Timestamp, lease: Duration?) throws(InboxReadingError) -> String? {
        try withFolders { folders throws(InboxReadingError) in
            for name in try waiting(folders) {
                guard let claim = ClaimedName(claiming: name, at: now, lease: lease), try isFile(name, folders.new) else { continue }
                guard try step(.claim, moves(name, folders.new, to: claim.json, folders.cur)) else { continue }
                // Should this process die here, the text stays in new, where it is found again with the file.
                _ = try step(.claim, moves(claim.originalText, folders.new, to: claim.text, folders.cur))
                return path(claim.json, in: "cur")
            }
            return nil
        }
    }

    /// - Returns: The path of the oldest file, which stays where it is; `nil` when there is none.
    package func oldest() throws(InboxReadingError) -> String? {
        try withFolders { folders throws(InboxReadingError) in
            for name in try waiting(folders) {
                if try isFile(name, folders.new) { return path(name, in: "new") }
            }
            return nil
        }
    }

    // MARK: What was claimed

    /// Removes a claimed file and the text beside it.
    ///
    /// - Throws: ``InboxReadingError/claimLost(_:)`` when somebody else may have it by now.
    package func acknowledge(_ name: String) throws(InboxReadingError) {
        try withFolders { folders throws(InboxReadingError) in
            let claim = ClaimedName(name)
            // A text is still in new when whoever claimed the file died before moving it. Once the claim is gone, one that is there may
            // belong to a file written anew, so it goes first.
            if let claim, try isFile(name, folders.cur) { _ = try removes(claim.originalText, folders.new) }
            guard try removes(name, folders.cur) else { throw .claimLost(name) }
            _ = try removes(claim?.text ?? Self.textName(beside: name), folders.cur)
        }
    }

    /// Puts a claimed file back for any reader.
    package func putBack(_ name: String) throws(InboxReadingError) {
        try withFolders { folders throws(InboxReadingError) in
            guard try putsBack(name, folders) else { throw .claimLost(name) }
        }
    }

    /// Keeps a claimed file from all readers for a while, after which it is in `new` again.
    ///
    /// - Returns: Its path meanwhile.
    package func putBack(_ name: String, after wait: Duration, now: Timestamp) throws(InboxReadingError) -> String {
        try withFolders { folders throws(InboxReadingError) in
            let claim = ClaimedName(name)
            guard let parked = ClaimedName(claiming: claim?.original ?? name, at: now, lease: wait) else { throw .notClaimed(name) }
            guard try step(.putBack, moves(name, folders.cur, to: parked.json, folders.cur)) else { throw .claimLost(name) }
            _ = try step(.putBack, moves(claim?.text ?? Self.textName(beside: name), folders.cur, to: parked.text, folders.cur))
            return path(parked.json, in: "cur")
        }
    }

    /// Puts back the files whose lease has run out.
    ///
    /// - Returns: When the next lease will run out; `nil` when none is under way.
    @discardableResult
    package func rescue(now: Timestamp) throws(InboxReadingError) -> Timestamp? {
        try withFolders { folders throws(InboxReadingError) in
            var next: Timestamp?
            for name in try names(folders.cur) {
                guard let claim = ClaimedName(name), let end = claim.endsAt else { continue }
                guard claim.hasRunOut(now: now) else {
                    next = next.map { min($0, end) } ?? end
                    continue
                }
                // One that cannot be put back (a file of its name is in new, or the directory is another user's with the sticky bit) must
                // not keep this reader from the others; `list` shows it.
                _ = try? putsBack(name, folders)
            }
            return next
        }
    }

    // MARK: Inside

    struct Folders {
        let new: OpenFile
        let cur: OpenFile
    }

    func withFolders<Result>(
        _ body: (Folders) throws(InboxReadingError) -> Result
    ) throws(InboxReadingError) -> Result {
        let root = try step(.open, try fileSystem.openDirectory(directory))
        defer { fileSystem.close(root) }
        let new = try step(.open, try fileSystem.openDirectory("new", in: root))
        defer { fileSystem.close(new) }
        let cur = try step(.open, try fileSystem.openDirectory("cur", in: root))
        defer { fileSystem.close(cur) }
        return try body(Folders(new: new, cur: cur))
    }

    /// The files in `new`, oldest first: their names begin with the time.
    private func waiting(_ folders: Folders) throws(InboxReadingError) -> [String] {
        try names(folders.new).filter(ClaimedName.isFit).sorted()
    }

    func names(_ folder: OpenFile) throws(InboxReadingError) -> [String] {
        try step(.list, try fileSystem.names(in: folder, limit: Self.maximumNames))
    }

    private func isFile(_ name: String, _ folder: OpenFile) throws(InboxReadingError) -> Bool {
        try status(name, folder)?.isRegularFile ?? false
    }

    /// - Returns: `nil` when it has gone.
    func status(_ name: String, _ folder: OpenFile) throws(InboxReadingError) -> InboxFileStatus? {
        do {
            return try fileSystem.status(of: name, in: folder)
        } catch {
            guard error.code != ENOENT else { return nil }
            throw .system(step: .list, directory: directory, error)
        }
    }

    /// - Returns: `false` when there is no such file.
    private func putsBack(_ name: String, _ folders: Folders) throws(InboxReadingError) -> Bool {
        let claim = ClaimedName(name)
        let original = claim?.original ?? name
        _ = try step(
            .putBack,
            moves(
                claim?.text ?? Self.textName(beside: name), folders.cur, to: claim?.originalText ?? Self.textName(beside: name), folders.new
            ))
        do {
            try fileSystem.renameExclusively(name, in: folders.cur, to: original, in: folders.new)
            return true
        } catch {
            switch error.code {
            case ENOENT: return false
            case EEXIST: throw .nameTaken(original)
            default: throw .system(step: .putBack, directory: directory, error)
            }
        }
    }

    /// - Returns: `false` when there is no such file.
    private func moves(
        _ name: String, _ source: OpenFile, to newName: String, _ target: OpenFile
    ) -> Swift.Result<Bool, SystemCallFailure> {
        do {
            try fileSystem.rename(name, in: source, to: newName, in: target)
            return .success(true)
        } catch {
            return error.code == ENOENT ? .success(false) : .failure(error)
        }
    }

    /// - Returns: `false` when there is no such file.
    private func removes(_ name: String, _ folder: OpenFile) throws(InboxReadingError) -> Bool {
        do {
            try fileSystem.remove(name, in: folder)
            return true
        } catch {
            guard error.code != ENOENT else { return false }
            throw .system(step: .remove, directory: directory, error)
        }
    }

    private static func textName(beside name: String) -> String {
        let stem = name.hasSuffix(ClaimedName.fileExtension) ? String(name.dropLast(ClaimedName.fileExtension.count)) : name
        return stem + ClaimedName.textExtension
    }

    func path(_ name: String, in folder: String) -> String {
        "\(directory)\(directory.hasSuffix("/") ? "" : "/")\(folder)/\(name)"
    }

    private func step<Result>(
        _ step: InboxReadingError.Step, _ call: @autoclosure () throws(SystemCallFailure) -> Result
    ) throws(InboxReadingError) -> Result {
        do {
            return try call()
        } catch {
            throw .system(step: step, directory: directory, error)
        }
    }

    private func step<Result>(
        _ step: InboxReadingError.Step, _ result: Swift.Result<Result, SystemCallFailure>
    ) throws(InboxReadingError) -> Result {
        do {
            return try result.get()
        } catch {
            throw .system(step: step, directory: directory, error)
        }
    }
}
