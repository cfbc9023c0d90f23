import Glibc
import Inbox
import RingbackCore

/// What happens once, before the first file: directories are made, leftovers cleaned, and permissions looked at.
extension InboxWriter {
    /// Less the process's umask.
    static let directoryMode: UInt32 = 0o750
    /// What lies in `tmp` for so long belongs to no writer that still lives (maildir(5)).
    static let staleAfter: Duration = .seconds(36 * 3600)
    /// How many files in `tmp` are looked at when cleaning.
    static let maximumCleaned = 10_000

    /// Makes the directory, whose parent must exist, and its `tmp`, `new` and `cur` where they are missing, and cleans `tmp`.
    ///
    /// This is for the start. Later a missing directory is an error and is not made again: it may be a volume that is not mounted for the
    /// moment, and files written below its empty mount point would be lost to its readers.
    ///
    /// - Returns: Warnings for the operator.
    func prepare(now: Timestamp) throws(InboxError) -> [String] {
        if try makes(try fileSystem.makeDirectory(directory, mode: Self.directoryMode)) {
            let root = try step(.openDirectory, try fileSystem.openDirectory(directory))
            defer { fileSystem.close(root) }
            try step(.changeOwner, try owner.adopt(directory: root, fileSystem))
            try synchronizeParent()
        }
        try makeFolders()
        return try withFolders { folders throws(InboxError) in
            clean(folders.tmp, now: now)
            return try warnings(folders)
        }
    }

    private func makeFolders() throws(InboxError) {
        let root = try step(.openDirectory, try fileSystem.openDirectory(directory))
        defer { fileSystem.close(root) }
        for name in ["tmp", "new", "cur"] where try makes(try fileSystem.makeDirectory(name, in: root, mode: Self.directoryMode)) {
            // What was there before is as the operator wants it.
            let folder = try step(.openDirectory, try fileSystem.openDirectory(name, in: root))
            defer { fileSystem.close(folder) }
            try step(.changeOwner, try owner.adopt(directory: folder, fileSystem))
        }
        // Even when all were there: an earlier start may have died between making them and this.
        try step(.synchronizeDirectory, try fileSystem.synchronize(root))
    }

    /// - Returns: Whether there was no such directory before.
    private func makes(_ call: @autoclosure () throws(SystemCallFailure) -> Void) throws(InboxError) -> Bool {
        do {
            try call()
            return true
        } catch {
            // Whether what exists is a directory shows when it is opened.
            guard error.code == EEXIST else { throw InboxError(.makeDirectory, directory, error) }
            return false
        }
    }

    private func synchronizeParent() throws(InboxError) {
        let path = directory.last == "/" ? directory.dropLast() : directory[...]
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let folder = try step(.openDirectory, try fileSystem.openDirectory(parent))
        defer { fileSystem.close(folder) }
        try step(.synchronizeDirectory, try fileSystem.synchronize(folder))
    }

    private func clean(_ tmp: OpenFile, now: Timestamp) {
        // Leftovers only take space: whatever cannot be listed or removed now is left for the next start.
        guard let names = try? fileSystem.names(in: tmp, limit: Self.maximumCleaned) else { return }
        for name in names {
            guard let time = try? fileSystem.modificationTime(of: name, in: tmp), time + Self.staleAfter < now else { continue }
            try? fileSystem.remove(name, in: tmp)
        }
    }

    private func warnings(_ folders: Folders) throws(InboxError) -> [String] {
        let root = try step(.openDirectory, try fileSystem.openDirectory(directory))
        defer { fileSystem.close(root) }
        var warnings: [String] = []
        for (folder, name) in [(root, ""), (folders.tmp, "/tmp"), (folders.new, "/new"), (folders.cur, "/cur")] {
            let isWritableByAll = try step(.openDirectory, try fileSystem.permissions(of: folder)) & 0o002 != 0
            guard isWritableByAll else { continue }
            warnings.append("everybody on this machine can put files into \(directory)\(name) or take them: forbid it with chmod o-w")
        }
        return warnings
    }
}
