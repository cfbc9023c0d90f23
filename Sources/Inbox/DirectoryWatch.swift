import CLinux
import Dispatch
import Glibc

/// Hears of files that come into directories, by inotify(7).
///
/// It says no more than "look again": what the events tell in detail is not read. So events that the kernel had to drop (`IN_Q_OVERFLOW`)
/// lose nothing, since that is an event too; and whoever looks after every call of the handler needs no second way for it.
///
/// Not `Sendable`: it belongs to the task that looks.
final class DirectoryWatch {
    /// A file was moved or written into the directory, or the directory itself was removed, moved away or unmounted.
    private static let interest = UInt32(IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

    private let descriptor: Int32
    private let source: any DispatchSourceRead

    /// - Parameter handler: Called on some thread after one or more events.
    /// - Throws: ``SystemCallFailure``, such as `EMFILE` when this user has too many watches (`fs.inotify.max_user_instances`).
    init(_ handler: @escaping @Sendable () -> Void) throws(SystemCallFailure) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemCallFailure(call: "inotify_init1", code: errno) }
        self.descriptor = descriptor
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "ringback.inbox.watch"))
        source.setEventHandler {
            Self.drain(descriptor)
            handler()
        }
        source.setCancelHandler { _ = Glibc.close(descriptor) }
        source.activate()
        self.source = source
    }

    deinit {
        source.cancel()
    }

    /// Follows a directory from now on. One that is followed already goes on being followed; one that was made anew under the same path is
    /// another directory, and followed as such.
    ///
    /// - Throws: ``SystemCallFailure``, such as `ENOENT`.
    func follow(_ path: String) throws(SystemCallFailure) {
        guard unsafe inotify_add_watch(descriptor, path, Self.interest) >= 0 else {
            throw SystemCallFailure(call: "inotify_add_watch", code: errno)
        }
    }

    private static func drain(_ descriptor: Int32) {
        var events = [UInt8](repeating: 0, count: 16 * 1024)
        while unsafe read(descriptor, &events, events.count) > 0 {}
    }
}
