/// How the attempts at an endpoint went over the last hour, minute by minute; for people.
///
/// Its size does not grow with the traffic. It is not kept: after a restart it begins anew.
package struct AttemptHistory: Sendable, Hashable {
    package struct Minute: Sendable, Hashable {
        /// Minutes since 1970.
        package let index: Int64
        package var succeeded = 0
        package var failed = 0
        /// Of all attempts whose time was taken, together.
        package var timed = 0
        package var time: Duration = .zero

        package init(index: Int64) {
            self.index = index
        }

        package var attempts: Int { succeeded + failed }
        package var meanTime: Duration? { timed == 0 ? nil : time / timed }
    }

    package static let length = 60

    /// Oldest first; minutes without attempts are not there.
    private var minutes: [Minute] = []

    package init() {}

    /// - Parameter now: When the attempt ended.
    package mutating func add(_ attempt: Attempt, now: Timestamp) {
        // A clock that was set back adds to the newest minute; one that was set far ahead and back again begins anew.
        let present = Self.index(of: now)
        if let last = minutes.last, last.index - present >= Int64(Self.length) { minutes = [] }
        let index = max(present, minutes.last?.index ?? .min)
        if minutes.last?.index != index { minutes.append(Minute(index: index)) }
        minutes.removeAll { $0.index <= index - Int64(Self.length) }
        let newest = minutes.count - 1
        switch attempt.outcome {
        case .succeeded: minutes[newest].succeeded += 1
        case .failed: minutes[newest].failed += 1
        }
        if let total = attempt.timing.total {
            minutes[newest].timed += 1
            minutes[newest].time += total
        }
    }

    /// The last ``length`` minutes, oldest first, none left out.
    package func lastHour(now: Timestamp) -> [Minute] {
        let newest = Self.index(of: now)
        return (newest - Int64(Self.length) + 1...newest).map { index in minutes.first { $0.index == index } ?? Minute(index: index) }
    }

    private static func index(of time: Timestamp) -> Int64 {
        (time.milliseconds >= 0 ? time.milliseconds : time.milliseconds - 59_999) / 60_000
    }
}
