import Destinations
import Glibc
import Inbox
import NIOConcurrencyHelpers
import RingbackCore

/// The real file system, in which a chosen call fails, or after a chosen number of calls the process seems to have died.
final class FaultyFileSystem: InboxFileSystem {
    struct Fault: Sendable {
        let call: String
        /// Which call of that name fails: 0 is the next one.
        var occurrence: Int
        let code: Int32
    }

    private struct State {
        var log: [String] = []
        var diesAfter: Int?
        var fault: Fault?
        var isStuck = false
    }

    private let real = PosixFileSystem()
    private let state: NIOLockedValueBox<State>
    /// At most so many bytes are taken by one write, so that there are half-written files to die in.
    private let maximumWrite: Int
    private let door = ConditionLock(value: 0)

    init(diesAfter: Int? = nil, maximumWrite: Int = .max) {
        state = NIOLockedValueBox(State(diesAfter: diesAfter))
        self.maximumWrite = maximumWrite
    }

    /// The calls made so far, such as `fsync 7` or `renameat x to y`.
    var log: [String] { state.withLockedValue(\.log) }

    func arm(_ fault: Fault) {
        state.withLockedValue { $0.fault = fault }
    }

    /// Lets every write hang until ``unstick()``.
    func stick() {
        state.withLockedValue { $0.isStuck = true }
    }

    func unstick() {
        state.withLockedValue { $0.isStuck = false }
        door.lock()
        door.unlock(withValue: 1)
    }

    private func enter(_ call: String, _ detail: String = "") throws(SystemCallFailure) {
        let code: Int32? = state.withLockedValue { state in
            if let limit = state.diesAfter, state.log.count >= limit { return EIO }
            state.log.append("\(call) \(detail)")
            guard let fault = state.fault, fault.call == call else { return nil }
            state.fault?.occurrence -= 1
            guard fault.occurrence == 0 else { return nil }
            state.fault = nil
            return fault.code
        }
        if let code { throw SystemCallFailure(call: call, code: code) }
    }

    func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallFailure) {
        try enter("mkdir", path)
        try real.makeDirectory(path, mode: mode)
    }

    func openDirectory(_ path: String) throws(SystemCallFailure) -> OpenFile {
        try enter("open", path)
        return try real.openDirectory(path)
    }

    func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure) {
        try enter("mkdirat", name)
        try real.makeDirectory(name, in: directory, mode: mode)
    }

    func openDirectory(_ name: String, in directory: OpenFile) throws(SystemCallFailure) -> OpenFile {
        try enter("openat", name)
        return try real.openDirectory(name, in: directory)
    }

    func permissions(of file: OpenFile) throws(SystemCallFailure) -> UInt32 {
        try enter("fstat")
        return try real.permissions(of: file)
    }

    func names(in directory: OpenFile, limit: Int) throws(SystemCallFailure) -> [String] {
        try enter("readdir")
        return try real.names(in: directory, limit: limit)
    }

    func modificationTime(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> Timestamp? {
        try enter("fstatat", name)
        return try real.modificationTime(of: name, in: directory)
    }

    func status(of name: String, in directory: OpenFile) throws(SystemCallFailure) -> InboxFileStatus {
        try enter("fstatat", name)
        return try real.status(of: name, in: directory)
    }

    func beginning(of name: String, in directory: OpenFile, count: Int) throws(SystemCallFailure) -> [UInt8] {
        try enter("read", name)
        return try real.beginning(of: name, in: directory, count: count)
    }

    func createFile(_ name: String, in directory: OpenFile, mode: UInt32) throws(SystemCallFailure) -> OpenFile {
        try enter("create", name)
        return try real.createFile(name, in: directory, mode: mode)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile) throws(SystemCallFailure) -> Int {
        try enter("write", "\(file.descriptor)")
        if state.withLockedValue(\.isStuck) {
            door.lock(whenValue: 1)
            door.unlock()
        }
        return try real.write(bytes.prefix(maximumWrite), to: file)
    }

    func synchronize(_ file: OpenFile) throws(SystemCallFailure) {
        try enter("fsync", "\(file.descriptor)")
        try real.synchronize(file)
    }

    func rename(_ name: String, in source: OpenFile, to newName: String, in target: OpenFile) throws(SystemCallFailure) {
        try enter("rename", newName)
        try real.rename(name, in: source, to: newName, in: target)
    }

    func renameExclusively(
        _ name: String, in source: OpenFile, to newName: String, in target: OpenFile
    ) throws(SystemCallFailure) {
        try enter("renameat2", newName)
        try real.renameExclusively(name, in: source, to: newName, in: target)
    }

    func remove(_ name: String, in directory: OpenFile) throws(SystemCallFailure) {
        try enter("unlink", name)
        try real.remove(name, in: directory)
    }

    func userID(named name: String) throws(SystemCallFailure) -> UInt32? {
        try real.userID(named: name)
    }

    func groupID(named name: String) throws(SystemCallFailure) -> UInt32? {
        try real.groupID(named: name)
    }

    func changeOwner(of file: OpenFile, user: UInt32?, group: UInt32?) throws(SystemCallFailure) {
        try enter("fchown", "\(user.map { "\($0)" } ?? "-") \(group.map { "\($0)" } ?? "-")")
        try real.changeOwner(of: file, user: user, group: group)
    }

    func changeMode(of file: OpenFile, to mode: UInt32) throws(SystemCallFailure) {
        try enter("fchmod", String(mode, radix: 8))
        try real.changeMode(of: file, to: mode)
    }

    /// Closes even after death, as the kernel would.
    func close(_ file: OpenFile) {
        real.close(file)
    }
}
