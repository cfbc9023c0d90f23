import Foundation

/// How busy the rest of the machine was while something was measured. Above a few percent, only ratios are to be believed.
struct OtherLoad {
    private struct Reading {
        /// Seconds, summed over all cores.
        let busy: Double
        let total: Double
        let ours: Double
    }

    private let processes: [Int32]
    private let start: Reading

    /// - Parameter processes: Those that belong to the measurement, besides this one.
    init(besides processes: [Int32]) throws(BenchError) {
        self.processes = processes + [getpid()]
        start = try Self.read(self.processes)
    }

    /// The share of the machine's CPU time since then that went to others, from 0 to 1.
    func share() throws(BenchError) -> Double {
        let now = try Self.read(processes)
        let total = now.total - start.total
        return total > 0 ? max(0, (now.busy - start.busy) - (now.ours - start.ours)) / total : 0
    }

    private static func read(_ processes: [Int32]) throws(BenchError) -> Reading {
        let line = try ProcessReading.content("/proc/stat").split(separator: "\n").first ?? ""
        // user, nice, system, idle, iowait, irq, softirq, steal
        let times = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }.map { $0 / ProcessReading.ticksPerSecond }
        guard times.count == 8 else { throw BenchError("/proc/stat is not what proc(5) says: this needs Linux") }
        let total = times.reduce(0, +)
        var ours = 0.0
        for process in processes { ours += try ProcessReading.cpuSeconds(of: process) }
        return Reading(busy: total - times[3] - times[4], total: total, ours: ours)
    }
}
