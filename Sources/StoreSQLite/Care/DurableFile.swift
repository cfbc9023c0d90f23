import Foundation
import Glibc
import Store

/// What has to be done to files so that they survive the power, and so that the right user can read them.
enum DurableFile {
    /// Flushes a file or a directory.
    static func flush(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("'\(path)' cannot be flushed") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("'\(path)' cannot be flushed") }
    }

    static func flushDirectory(of path: String) throws(StoreError) {
        let directory = (path as NSString).deletingLastPathComponent
        try flush(directory.isEmpty ? "." : directory)
    }

    /// Makes an empty file for its owner's eyes only. Fails where there is one.
    static func make(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("'\(path)' cannot be made") }
        close(descriptor)
    }

    /// Gives a file its final name.
    ///
    /// - Parameter replacing: Whether a file of that name may go.
    static func move(_ path: String, to target: String, replacing: Bool) throws(StoreError) {
        if replacing {
            guard unsafe rename(path, target) == 0 else { throw failure("'\(target)' cannot be made") }
        } else {
            // Unlike rename(2), link(2) never replaces anything.
            guard unsafe link(path, target) == 0 else { throw failure("'\(target)' cannot be made") }
            unsafe _ = unlink(path)
        }
        try flushDirectory(of: target)
    }

    /// Root makes files for whoever owns the directory: the server runs as an ordinary user.
    static func giveToOwnerOfDirectory(_ path: String) {
        guard geteuid() == 0 else { return }
        let directory = (path as NSString).deletingLastPathComponent
        var status = stat()
        // Where this fails the server says at its start that it cannot read the file.
        guard unsafe stat(directory.isEmpty ? "." : directory, &status) == 0 else { return }
        unsafe _ = lchown(path, status.st_uid, status.st_gid)
    }

    static func failure(_ what: String) -> StoreError {
        if errno == ENOSPC || errno == EDQUOT { return .noSpace }
        return .unusable("\(what): \(unsafe String(cString: strerror(errno)))")
    }
}
