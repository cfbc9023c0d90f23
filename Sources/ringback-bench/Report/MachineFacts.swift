import Foundation

/// What a figure means without the machine it was measured on: little.
struct MachineFacts: Sendable, Codable {
    let processors: Int
    let processor: String
    let kernel: String
    let appendsPerSecond: Double?

    /// - Parameter scratch: A directory on the disk that the stores are on.
    init(scratch: String) {
        processors = ProcessInfo.processInfo.activeProcessorCount
        kernel = ProcessInfo.processInfo.operatingSystemVersionString
        // Some machines do not name their processor.
        let lines = ((try? ProcessReading.content("/proc/cpuinfo")) ?? "").split(separator: "\n")
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        processor = name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        appendsPerSecond = DiskProbe.appendsPerSecond(in: scratch)
    }
}
