import Glibc
import Inbox
import NIOConcurrencyHelpers
import RingbackCore

/// Gives an inbox's files and directories their owner, group and mode.
///
/// Names are looked up once: a directory service may be slow, and a number does not change while a name stays.
final class FileOwner: Sendable {
    private struct Numbers {
        var user: UInt32?
        var group: UInt32?
    }

    private let ownership: FileOwnership
    private let numbers = NIOLockedValueBox<Numbers?>(nil)

    init(_ ownership: FileOwnership) {
        self.ownership = ownership
    }

    func adopt(file: OpenFile, _ fileSystem: any InboxFileSystem) throws(SystemCallFailure) {
        try adopt(file, mode: ownership.mode?.bits, fileSystem)
    }

    func adopt(directory: OpenFile, _ fileSystem: any InboxFileSystem) throws(SystemCallFailure) {
        try adopt(directory, mode: ownership.mode?.ofDirectory, fileSystem)
    }

    private func adopt(_ file: OpenFile, mode: UInt32?, _ fileSystem: any InboxFileSystem) throws(SystemCallFailure) {
        let known = numbers.withLockedValue { $0 }
        let numbers = if let known { known } else { try lookUp(fileSystem) }
        self.numbers.withLockedValue { $0 = numbers }
        if numbers.user != nil || numbers.group != nil {
            try fileSystem.changeOwner(of: file, user: numbers.user, group: numbers.group)
        }
        if let mode { try fileSystem.changeMode(of: file, to: mode) }
    }

    private func lookUp(_ fileSystem: any InboxFileSystem) throws(SystemCallFailure) -> Numbers {
        var numbers = Numbers()
        if let owner = ownership.owner {
            guard let user = try number(owner, { name throws(SystemCallFailure) in try fileSystem.userID(named: name) }) else {
                throw Self.unknown("getpwnam_r")
            }
            numbers.user = user
        }
        if let name = ownership.group {
            guard let group = try number(name, { name throws(SystemCallFailure) in try fileSystem.groupID(named: name) }) else {
                throw Self.unknown("getgrnam_r")
            }
            numbers.group = group
        }
        return numbers
    }

    private func number(
        _ text: String, _ lookUp: (String) throws(SystemCallFailure) -> UInt32?
    ) throws(SystemCallFailure) -> UInt32? {
        if let number = UInt32(text) { return number }
        return try lookUp(text)
    }

    /// Told in words by ``InboxError``.
    private static func unknown(_ call: String) -> SystemCallFailure {
        SystemCallFailure(call: call, code: ESRCH)
    }
}
