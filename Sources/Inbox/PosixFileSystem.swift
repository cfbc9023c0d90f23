import CLinux
import Glibc
package import RingbackCore

/// The real file system.
///
/// System calls take paths and buffers as pointers, hence the unsafe expressions. Each pointer lives for one call; nothing keeps one.
package struct PosixFileSystem: InboxFileSystem {
    package init() {}

    package func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallFailure) {
        try Self.check("mkdir", unsafe mkdir(path, mode))
    }

    package func openDirectory(_ path: String) throws(SystemCallFailure) -> OpenFile {
        OpenFile(descriptor: try Self.retrying("open") { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    package func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure) {
        try Self.check("mkdirat", unsafe mkdirat(directory.descriptor, name, mode))
    }

    package func openDirectory(_ name: String, in directory: OpenFile) throws(SystemCallFailure) -> OpenFile {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return OpenFile(descriptor: try Self.retrying("openat") { unsafe openat(directory.descriptor, name, flags) })
    }

    package func permissions(of file: OpenFile) throws(SystemCallFailure) -> UInt32 {
        var status = stat()
        try Self.check("fstat", unsafe fstat(file.descriptor, &status))
        return status.st_mode & 0o7777
    }

    package func names(in directory: OpenFile, limit: Int) throws(SystemCallFailure) -> [String] {
        // closedir closes the descriptor it was given, so the stream gets one of its own.
        let copy = try Self.retrying("openat") { unsafe openat(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = unsafe fdopendir(copy) else {
            let failure = SystemCallFailure(call: "fdopendir", code: errno)
            Glibc.close(copy)
            throw failure
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < limit, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package func modificationTime(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> Timestamp? {
        var status = stat()
        try Self.check("fstatat", unsafe fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW))
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Timestamp(unixSeconds: Int64(status.st_mtim.tv_sec))
    }

    package func status(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> InboxFileStatus {
        var status = stat()
        try Self.check("fstatat", unsafe fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW))
        return InboxFileStatus(
            isRegularFile: status.st_mode & S_IFMT == S_IFREG, modifiedAt: Timestamp(unixSeconds: Int64(status.st_mtim.tv_sec)),
            changedAt: Timestamp(unixSeconds: Int64(status.st_ctim.tv_sec)))
    }

    package func beginning(of name: String, in directory: OpenFile, count: Int) throws(SystemCallFailure) -> [UInt8] {
        // O_NONBLOCK: should somebody have put a pipe there, opening it must not wait for a writer.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = try Self.retrying("openat") { unsafe openat(directory.descriptor, name, flags) }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let taken = try Self.retrying("read") { unsafe read(descriptor, &bytes, count) }
        return Array(bytes.prefix(taken))
    }

    package func createFile(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return OpenFile(descriptor: try Self.retrying("openat") { unsafe openat(directory.descriptor, name, flags, mode) })
    }

    package func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile) throws(SystemCallFailure) -> Int {
        try Self.retrying("write") {
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
        }
    }

    package func synchronize(_ file: OpenFile) throws(SystemCallFailure) {
        // Never called again after an error: the kernel may have dropped the pages it could not write, so that a second call could claim
        // success for data that is lost. An interruption alone is no such error.
        _ = try Self.retrying("fsync") { fsync(file.descriptor) }
    }

    package func rename(_ name: String, in source: OpenFile, to newName: String, in target: OpenFile) throws(SystemCallFailure) {
        try Self.check("renameat", unsafe renameat(source.descriptor, name, target.descriptor, newName))
    }

    package func renameExclusively(
        _ name: String, in source: OpenFile, to newName: String, in target: OpenFile
    ) throws(SystemCallFailure) {
        let code = unsafe ringback_rename_exclusively(source.descriptor, name, target.descriptor, newName)
        guard code == 0 else { throw SystemCallFailure(call: "renameat2", code: code) }
    }

    package func remove(_ name: String, in directory: OpenFile) throws(SystemCallFailure) {
        try Self.check("unlinkat", unsafe unlinkat(directory.descriptor, name, 0))
    }

    package func userID(named name: String) throws(SystemCallFailure) -> UInt32? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: Self.accountBytes)
        let code = unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found)
        try Self.checkAccount("getpwnam_r", code)
        return unsafe found == nil ? nil : entry.pw_uid
    }

    package func groupID(named name: String) throws(SystemCallFailure) -> UInt32? {
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: Self.accountBytes)
        let code = unsafe getgrnam_r(name, &entry, &buffer, buffer.count, &found)
        try Self.checkAccount("getgrnam_r", code)
        return unsafe found == nil ? nil : entry.gr_gid
    }

    /// Room for an entry with all its members; one of a directory service may be large.
    private static let accountBytes = 256 * 1024

    /// getpwnam_r(3): these codes too mean that there is no such account.
    private static func checkAccount(_ call: String, _ code: Int32) throws(SystemCallFailure) {
        guard code == 0 || code == ENOENT || code == ESRCH else { throw SystemCallFailure(call: call, code: code) }
    }

    package func changeOwner(of file: OpenFile, user: UInt32?, group: UInt32?) throws(SystemCallFailure) {
        // chown(2): -1 leaves a part unchanged.
        try Self.check("fchown", fchown(file.descriptor, user ?? .max, group ?? .max))
    }

    package func changeMode(of file: OpenFile, to mode: UInt32) throws(SystemCallFailure) {
        try Self.check("fchmod", fchmod(file.descriptor, mode))
    }

    package func close(_ file: OpenFile) {
        Glibc.close(file.descriptor)
    }

    private static func check(_ call: String, _ result: Int32) throws(SystemCallFailure) {
        guard result != -1 else { throw SystemCallFailure(call: call, code: errno) }
    }

    /// Calls again when a signal came in between, before anything was done.
    private static func retrying<Result: BinaryInteger>(_ call: String, _ body: () -> Result) throws(SystemCallFailure) -> Result {
        while true {
            let result = body()
            guard result == -1 else { return result }
            guard errno == EINTR else { throw SystemCallFailure(call: call, code: errno) }
        }
    }
}
