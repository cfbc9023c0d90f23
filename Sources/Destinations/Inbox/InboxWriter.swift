import Cryptography
import Glibc
import Inbox
import RingbackCore

/// Puts files into an inbox directory by maildir's rules, so that a reader never sees half a file and a crash loses none
/// (contract, section 8).
///
/// | step | after a crash here |
/// |---|---|
/// | create `tmp/<random>`, write, fsync | nothing is in `new`; the next attempt writes another file; remains are cleaned after 36 h |
/// | rename into `new` | the file is there, or after a power failure perhaps not; the next attempt finds it or writes it anew |
/// | fsync of `new` | the file is there; the next attempt finds it |
///
/// An event's file always has the same name, and its first bytes tell the event. So a file that is in `new`, or that a reader has claimed
/// by moving it to `cur` under its name or with a claim's mark behind it, is found again and not written twice. A reader that has already removed it gets a second one: the
/// promise is "at least once", and the event's id inside is the same.
///
/// The directory itself may be a symbolic link. `tmp`, `new` and `cur` may not: everything happens relative to the opened directories.
/// All functions block, and no two calls for one directory may overlap.
struct InboxWriter: Sendable {
    /// Less the process's umask.
    static let fileMode: UInt32 = 0o640
    /// How many random names are tried before giving up. The second one is already a sign of foul play.
    static let maximumNames = 3
    /// How many names in `cur` are looked at for the mark of a claim. With more claimed files than that, one may be written a second time.
    static let maximumClaimed = 10_000
    /// How many names in `new` are counted at most.
    static let maximumCounted = 1_000_000

    let directory: String
    let fileSystem: any InboxFileSystem
    let owner: FileOwner
    let room: InboxRoom

    init(_ target: InboxTarget, fileSystem: any InboxFileSystem) {
        directory = target.directory
        self.fileSystem = fileSystem
        owner = FileOwner(target.ownership)
        room = InboxRoom(maximum: target.maximumFiles)
    }

    /// Writes an event's file unless it is there already.
    ///
    /// - Returns: The path of the file; `nil` when as many files wait as may.
    func write(_ document: InboxDocument) throws(InboxError) -> String? {
        try withFolders { folders throws(InboxError) in
            for name in document.names {
                switch try occupant(of: name, document, folders) {
                case .nobody:
                    guard try room.take({ () throws(InboxError) in try waiting(folders) }) else { return nil }
                    try place(document, as: name, folders)
                    return "\(directory)/new/\(name.json)"
                case .thisEvent(let folder, let path):
                    // An attempt that got this far may have failed or died before the directory was on the disk.
                    try step(.synchronizeDirectory, try fileSystem.synchronize(folder))
                    return "\(directory)/\(path)"
                case .anotherEvent:
                    continue
                }
            }
            throw InboxError(.createFile, directory, SystemCallFailure(call: "openat", code: EEXIST))
        }
    }

    // MARK: Finding

    private enum Occupant {
        case nobody
        case thisEvent(OpenFile, path: String)
        case anotherEvent
    }

    private func occupant(of name: InboxFileName, _ document: InboxDocument, _ folders: Folders) throws(InboxError) -> Occupant {
        // First `new`, then `cur`: a reader that claims the file in between moves it in this direction.
        for (folder, folderName) in [(folders.new, "new"), (folders.cur, "cur")] {
            if let occupant = try occupant(name.json, in: folder, folderName, document) { return occupant }
        }
        let names = try step(.lookForFile, try fileSystem.names(in: folders.cur, limit: Self.maximumClaimed))
        for claimed in names where claimed.hasPrefix(name.stem) && ClaimedName(claimed)?.stem == name.stem {
            if let occupant = try occupant(claimed, in: folders.cur, "cur", document) { return occupant }
        }
        return .nobody
    }

    /// - Returns: `nil` when there is no such file.
    private func occupant(
        _ name: String, in folder: OpenFile, _ folderName: String, _ document: InboxDocument
    ) throws(InboxError) -> Occupant? {
        do {
            let found = try fileSystem.beginning(of: name, in: folder, count: document.beginning.count)
            return found == document.beginning ? .thisEvent(folder, path: "\(folderName)/\(name)") : .anotherEvent
        } catch {
            guard error.code != ENOENT else { return nil }
            throw InboxError(.lookForFile, directory, error)
        }
    }

    /// How many files wait in `new`; a text beside one does not count.
    private func waiting(_ folders: Folders) throws(InboxError) -> Int {
        let names = try step(.lookForFile, try fileSystem.names(in: folders.new, limit: Self.maximumCounted))
        return names.count { $0.hasSuffix(ClaimedName.fileExtension) && !$0.hasPrefix(".") }
    }

    // MARK: Writing

    private func place(_ document: InboxDocument, as name: InboxFileName, _ folders: Folders) throws(InboxError) {
        // The text comes first: who sees the .json will find the .txt.
        if let text = document.text { try place(text, as: name.text, folders) }
        try place(document.json, as: name.json, folders)
        try step(.synchronizeDirectory, try fileSystem.synchronize(folders.new))
    }

    private func place(_ bytes: [UInt8], as name: String, _ folders: Folders) throws(InboxError) {
        let draft = try createDraft(in: folders.tmp)
        do {
            try fill(draft.file, with: bytes)
            try step(.renameFile, try fileSystem.rename(draft.name, in: folders.tmp, to: name, in: folders.new))
        } catch {
            // What cannot be removed now is cleaned at some later start.
            try? fileSystem.remove(draft.name, in: folders.tmp)
            throw error
        }
    }

    private func createDraft(in folder: OpenFile) throws(InboxError) -> (name: String, file: OpenFile) {
        var failure = SystemCallFailure(call: "openat", code: EEXIST)
        for _ in 0..<Self.maximumNames where failure.code == EEXIST {
            let name = Hex.encode(SecureRandom.bytes(16))
            do {
                return (name, try fileSystem.createFile(name, in: folder, mode: Self.fileMode))
            } catch {
                failure = error
            }
        }
        throw InboxError(.createFile, directory, failure)
    }

    private func fill(_ file: OpenFile, with bytes: [UInt8]) throws(InboxError) {
        // Closed whatever happens: after a failed fsync the file is lost, and the next attempt writes another one.
        defer { fileSystem.close(file) }
        // While it is empty: nobody who is not meant to has it open when there is something to read.
        try step(.changeOwner, try owner.adopt(file: file, fileSystem))
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = try step(.writeFile, try fileSystem.write(rest, to: file))
            rest = rest.dropFirst(taken)
        }
        try step(.synchronizeFile, try fileSystem.synchronize(file))
    }

    // MARK: Directories

    /// The three directories of an inbox, open.
    struct Folders {
        let tmp: OpenFile
        let new: OpenFile
        let cur: OpenFile
    }

    func withFolders<Result>(_ body: (Folders) throws(InboxError) -> Result) throws(InboxError) -> Result {
        let root = try step(.openDirectory, try fileSystem.openDirectory(directory))
        defer { fileSystem.close(root) }
        let tmp = try step(.openDirectory, try fileSystem.openDirectory("tmp", in: root))
        defer { fileSystem.close(tmp) }
        let new = try step(.openDirectory, try fileSystem.openDirectory("new", in: root))
        defer { fileSystem.close(new) }
        let cur = try step(.openDirectory, try fileSystem.openDirectory("cur", in: root))
        defer { fileSystem.close(cur) }
        return try body(Folders(tmp: tmp, new: new, cur: cur))
    }

    /// Makes a system call and says of its failure what it was for.
    func step<Result>(
        _ step: InboxError.Step, _ call: @autoclosure () throws(SystemCallFailure) -> Result
    ) throws(InboxError) -> Result {
        do {
            return try call()
        } catch {
            throw InboxError(step, directory, error)
        }
    }
}
