import Foundation
import Store

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The right to use a store file, held for the life of this object: one process at a time, since a second one would take the first
/// one's leases for those of a dead process.
///
/// It is a `flock` on a file beside the store, not on the store itself: SQLite has locks of its own on that one. The kernel lets go of
/// it when the process ends, however it ends, so a lock file that is left behind means nothing. Unlike `fcntl` locks it also keeps out a
/// second opening within the same process.
package final class StoreLock: Sendable {
    private let handle: FileHandle

    /// - Throws: ``StoreError/unusable(_:)`` when another opening holds the lock or the lock file cannot be made.
    init(storePath: String) throws(StoreError) {
        let path = storePath + ".lock"
        // The file may be there already; whether it can be opened is what counts.
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            DurableFile.giveToOwnerOfDirectory(path)
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw .unusable("'\(path)' cannot be written: let Ringback's user write there, or choose another `store`")
        }
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .unusable("'\(storePath)' is in use by another Ringback process\(Self.holder(handle)): stop it or choose another `store`")
        }
        // A child process must not keep the lock when this one is gone.
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        self.handle = handle
        // The process id is for people who wonder who holds the lock; the lock holds without it, even on a full disk.
        try? handle.truncate(atOffset: 0)
        try? handle.write(contentsOf: Data("\(ProcessInfo.processInfo.processIdentifier)\n".utf8))
    }

    deinit {
        release()
    }

    /// Lets the next process in. Harmless when done before.
    func release() {
        // Nothing can be done about a failing close: the lock ends with the process at the latest.
        try? handle.close()
    }

    /// Whether somebody uses a store, for one who only wants to know.
    ///
    /// - Returns: `nil` when nobody does. The process id is empty when it cannot be told.
    package static func user(ofStoreAt storePath: String) -> StoreUser? {
        // Without a lock file nobody has ever used the store, and without the right to read it nothing can be told.
        guard let handle = FileHandle(forReadingAtPath: storePath + ".lock") else { return nil }
        defer { try? handle.close() }
        guard flock(handle.fileDescriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        guard let data = try? handle.read(upToCount: 20) else { return StoreUser(processID: nil) }
        return StoreUser(processID: Int32(String(decoding: data, as: UTF8.self).prefix(while: \.isNumber)))
    }

    private static func holder(_ handle: FileHandle) -> String {
        // Without a readable process id the sentence is still true, only less helpful.
        guard let data = try? handle.read(upToCount: 20) else { return "" }
        return Int(String(decoding: data, as: UTF8.self).prefix(while: \.isNumber)).map { " (pid \($0))" } ?? ""
    }
}

/// A process that uses a store.
package struct StoreUser: Sendable, Hashable {
    /// Empty when the lock file does not say.
    package let processID: Int32?
}
