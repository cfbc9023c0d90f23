import NIOConcurrencyHelpers

/// The places for streams that are read on after their clients have left: some servers end a response with the connection it was created on.
final class DetachedStreams: Sendable {
    private let maximum: Int
    private let taken = NIOLockedValueBox(0)

    init(maximum: Int = RelayLimits.detachedStreams) {
        self.maximum = maximum
    }

    var count: Int { taken.withLockedValue { $0 } }

    /// - Returns: Whether there was a free place, which is taken now.
    func enter() -> Bool {
        taken.withLockedValue { taken in
            guard taken < maximum else { return false }
            taken += 1
            return true
        }
    }

    func leave() {
        taken.withLockedValue { $0 -= 1 }
    }
}
