import NIOConcurrencyHelpers

/// How many files may still come into an inbox's `new` (`max_files`).
///
/// Readers only take files away, so what was counted once is a bound until it is used up; only then is the directory counted again. A large
/// inbox is not listed for every delivery.
final class InboxRoom: Sendable {
    private let maximum: Int?
    private let left = NIOLockedValueBox(0)

    /// - Parameter maximum: `nil`: there is always room.
    init(maximum: Int?) {
        self.maximum = maximum
    }

    /// Takes room for one file.
    ///
    /// - Parameter count: Counts the files that are there.
    /// - Returns: Whether there was any.
    func take(_ count: () throws(InboxError) -> Int) throws(InboxError) -> Bool {
        guard let maximum else { return true }
        if left.withLockedValue({ $0 }) == 0 {
            let waiting = try count()
            left.withLockedValue { $0 = max(0, maximum - waiting) }
        }
        return left.withLockedValue { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }
}
