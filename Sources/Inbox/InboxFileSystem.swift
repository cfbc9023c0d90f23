package import RingbackCore

/// The system calls an inbox makes, one function each, so that tests can let any of them fail or the process die after it.
///
/// Names are relative to an open directory and are never followed when they are symbolic links. All calls may block.
package protocol InboxFileSystem: Sendable {
    /// mkdir(2). The mode is lessened by the process's umask.
    func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallFailure)
    /// open(2) of a directory, which may be reached by symbolic links.
    func openDirectory(_ path: String) throws(SystemCallFailure) -> OpenFile
    /// mkdirat(2).
    func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure)
    /// openat(2) of a directory.
    func openDirectory(_ name: String, in directory: OpenFile) throws(SystemCallFailure) -> OpenFile
    /// fstat(2): the permission bits.
    func permissions(of file: OpenFile) throws(SystemCallFailure) -> UInt32
    /// readdir(3): at most `limit` names, without `.` and `..`, in no order.
    func names(in directory: OpenFile, limit: Int) throws(SystemCallFailure) -> [String]
    /// fstatat(2): when a regular file was last written.
    func modificationTime(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> Timestamp?
    /// fstatat(2).
    func status(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> InboxFileStatus
    /// openat(2) and read(2): at most the first `count` bytes.
    func beginning(of name: String, in directory: OpenFile, count: Int) throws(SystemCallFailure) -> [UInt8]
    /// openat(2) with `O_CREAT` and `O_EXCL`, for writing.
    func createFile(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure) -> OpenFile
    /// write(2).
    ///
    /// - Returns: How many bytes were taken; at least 1.
    func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile) throws(SystemCallFailure) -> Int
    /// fsync(2), of a file or a directory.
    func synchronize(_ file: OpenFile) throws(SystemCallFailure)
    /// renameat(2); replaces what has the new name.
    func rename(_ name: String, in source: OpenFile, to newName: String, in target: OpenFile) throws(SystemCallFailure)
    /// renameat2(2) with `RENAME_NOREPLACE`: fails with `EEXIST` rather than replace what has the new name.
    func renameExclusively(
        _ name: String, in source: OpenFile, to newName: String, in target: OpenFile
    ) throws(SystemCallFailure)
    /// unlinkat(2).
    func remove(_ name: String, in directory: OpenFile) throws(SystemCallFailure)
    /// getpwnam_r(3): a user's number; `nil` when there is none of this name.
    func userID(named name: String) throws(SystemCallFailure) -> UInt32?
    /// getgrnam_r(3): a group's number; `nil` when there is none of this name.
    func groupID(named name: String) throws(SystemCallFailure) -> UInt32?
    /// fchown(2); `nil` leaves a part as it is.
    func changeOwner(of file: OpenFile, user: UInt32?, group: UInt32?) throws(SystemCallFailure)
    /// fchmod(2): exactly these permission bits, whatever the process's umask.
    func changeMode(of file: OpenFile, to mode: UInt32) throws(SystemCallFailure)
    /// close(2). What it could report was reported by ``synchronize(_:)`` already.
    func close(_ file: OpenFile)
}

/// An open file or directory.
package struct OpenFile: Sendable, Hashable {
    package let descriptor: Int32

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }
}

/// What a directory knows of one of its entries.
package struct InboxFileStatus: Sendable, Hashable {
    package let isRegularFile: Bool
    /// When it was last written.
    package let modifiedAt: Timestamp
    /// When it was last written, moved or given away.
    package let changedAt: Timestamp

    package init(isRegularFile: Bool, modifiedAt: Timestamp, changedAt: Timestamp) {
        self.isRegularFile = isRegularFile
        self.modifiedAt = modifiedAt
        self.changedAt = changedAt
    }
}

/// A system call that failed.
package struct SystemCallFailure: Error, Sendable, Hashable {
    /// Its name, such as `renameat`.
    package let call: String
    /// The value of `errno`.
    package let code: Int32

    package init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }
}
