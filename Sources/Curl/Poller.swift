import CLinux
import Glibc

/// An epoll set with room for the events of one round. Belongs to the loop's thread.
final class Poller {
    /// What is known of one descriptor.
    struct Event {
        let descriptor: Int32
        /// What the descriptor's owner put there when it was added.
        let tag: UInt32
        let isReadable: Bool
        let isWritable: Bool
    }

    /// More than this are fetched in the next round.
    private static let eventsPerRound = 512

    private let descriptor: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    init() throws(CurlTransportError) {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .system(call: "epoll_create1", errorNumber: errno) }
        self.descriptor = descriptor
        events = .allocate(capacity: Self.eventsPerRound)
    }

    deinit {
        close(descriptor)
        events.deallocate()
    }

    // A socket of libcurl that cannot be added (no memory in the kernel) is left to its transfer's time limit; one that is gone has left
    // the set by itself. So only the loop looks at the outcome, for its own descriptor.

    @discardableResult
    func add(_ socket: Int32, tag: UInt32, reads: Bool, writes: Bool) -> Bool {
        control(EPOLL_CTL_ADD, socket, tag: tag, reads: reads, writes: writes)
    }

    func change(_ socket: Int32, tag: UInt32, reads: Bool, writes: Bool) {
        _ = control(EPOLL_CTL_MOD, socket, tag: tag, reads: reads, writes: writes)
    }

    func remove(_ socket: Int32) {
        _ = control(EPOLL_CTL_DEL, socket, tag: 0, reads: false, writes: false)
    }

    private func control(_ operation: Int32, _ socket: Int32, tag: UInt32, reads: Bool, writes: Bool) -> Bool {
        let interest = (reads ? EPOLLIN.rawValue : 0) | (writes ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: interest, data: epoll_data(u64: UInt64(tag) << 32 | UInt64(UInt32(bitPattern: socket))))
        return epoll_ctl(descriptor, operation, socket, &event) == 0
    }

    /// Waits for descriptors.
    ///
    /// - Parameter deadline: Until when; `nil` means as long as it takes. A deadline in the past only looks.
    /// - Returns: How many events are there to be read by ``subscript(_:)``.
    func wait(until deadline: MonotonicInstant?) -> Int {
        let milliseconds: Int32 =
            if let deadline { deadline.millisecondsFromNow() } else { -1 }
        // Interrupted by a signal (which this thread blocks) means no event.
        return Int(max(0, epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)))
    }

    subscript(index: Int) -> Event {
        let event = events[index]
        let data = event.data.u64
        // An error or a hang-up alone counts as both: whoever then reads or writes learns what happened.
        let isFault = event.events & (EPOLLIN.rawValue | EPOLLOUT.rawValue) == 0
        return Event(
            descriptor: Int32(bitPattern: UInt32(truncatingIfNeeded: data)),
            tag: UInt32(truncatingIfNeeded: data >> 32),
            isReadable: isFault || event.events & EPOLLIN.rawValue != 0,
            isWritable: isFault || event.events & EPOLLOUT.rawValue != 0
        )
    }
}
