package import RingbackCore

/// Waits for files of an inbox and claims them.
///
/// Many may wait at one inbox, in one process or in many. Each of them looks after every event, and ``InboxReader`` sees to it that no file
/// is given twice.
package struct InboxConsumer: Sendable {
    /// A look without any event: inotify does not hear what another machine does on a network file system.
    package static let slowPause: Duration = .seconds(10)
    /// A look while there is nothing to follow: the directory is missing, or the kernel grants no watch.
    package static let fastPause: Duration = .seconds(1)

    private let reader: InboxReader
    private let time: any TimeSource

    package init(_ reader: InboxReader, time: any TimeSource) {
        self.reader = reader
        self.time = time
    }

    /// Claims the oldest file there is now, after those whose lease ran out were put back.
    ///
    /// - Returns: Its path; `nil` when there is none.
    package func next(lease: Duration?) throws(InboxReadingError) -> String? {
        try reader.rescue(now: time.wallNow)
        return try reader.claim(now: time.wallNow, lease: lease)
    }

    /// Waits until there is a file, and claims it.
    ///
    /// - Parameter timeout: `nil`: as long as it takes.
    /// - Returns: Its path; `nil` when there was none in time, or the task was cancelled.
    /// - Throws: ``InboxReadingError``. An inbox that is missing at the start is an error; one that goes missing later is waited for.
    package func waitForNext(lease: Duration?, timeout: Duration?) async throws(InboxReadingError) -> String? {
        try await wait(timeout) { () throws(InboxReadingError) in try reader.claim(now: time.wallNow, lease: lease) }
    }

    /// Waits until there is a file, and leaves it where it is.
    ///
    /// - Returns: The path of the oldest one; otherwise like ``waitForNext(lease:timeout:)``.
    package func waitForAny(timeout: Duration?) async throws(InboxReadingError) -> String? {
        try await wait(timeout) { () throws(InboxReadingError) in try reader.oldest() }
    }

    private func wait(
        _ timeout: Duration?, _ take: () throws(InboxReadingError) -> String?
    ) async throws(InboxReadingError) -> String? {
        let alarm = Alarm(time: time)
        // Without a watch it is looked more often.
        let watch = try? DirectoryWatch { alarm.ring() }
        let deadline = timeout.map { time.now + $0 } ?? .distantFuture
        var wasThere = false
        while true {
            // Followed before it is looked: what comes in between rings the alarm. And every time, since the directory may be a new one.
            let isFollowed = follow(watch)
            var nextLease: Timestamp?
            do {
                nextLease = try reader.rescue(now: time.wallNow)
                if let path = try take() { return path }
                wasThere = true
            } catch {
                guard error.isDirectoryMissing, wasThere else { throw error }
            }
            guard time.now < deadline, !Task.isCancelled else { return nil }
            var wake = min(deadline, time.now + (isFollowed ? Self.slowPause : Self.fastPause))
            if let nextLease { wake = min(wake, time.now + max(.zero, nextLease - time.wallNow)) }
            await alarm.wait(until: wake)
        }
    }

    /// - Returns: Whether everything that may happen will ring.
    private func follow(_ watch: DirectoryWatch?) -> Bool {
        guard let watch else { return false }
        do {
            // The directory itself for a `new` that is made anew; `cur` for claims whose lease will run out.
            for path in [reader.directory, reader.directory + "/new", reader.directory + "/cur"] { try watch.follow(path) }
            return true
        } catch {
            return false
        }
    }
}
