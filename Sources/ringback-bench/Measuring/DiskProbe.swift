import Glibc

/// How often a second the disk takes an append of 4 KiB for good: what every durable figure stands on.
enum DiskProbe {
    private static let duration: Duration = .milliseconds(500)
    private static let blockBytes = 4096

    /// - Returns: `nil` when `directory` takes no file.
    static func appendsPerSecond(in directory: String) -> Double? {
        let path = directory + "/probe"
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard file >= 0 else { return nil }
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x2E, count: blockBytes)
        let start = ContinuousClock.now
        var count = 0
        while start.duration(to: .now) < duration {
            guard write(file, block, block.count) == block.count, fdatasync(file) == 0 else { return nil }
            count += 1
        }
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }
}
