import FoundationEssentials

enum WallClock {
    /// Milliseconds since 1970 in UTC, by the system's real-time clock.
    static func milliseconds() -> Int64 {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }
}
