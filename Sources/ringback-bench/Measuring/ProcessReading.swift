import Foundation

/// What the kernel says about one process (proc(5)).
enum ProcessReading {
    /// Anonymous memory in KiB: heap and stacks, without the program's file and without socket buffers, which the kernel keeps.
    static func anonymousKiB(of process: Int32) throws(BenchError) -> Double {
        try field("Anonymous:", of: "/proc/\(process)/smaps_rollup")
    }

    /// The most memory that was ever resident at once, in MiB, the program's file included.
    static func peakMiB(of process: Int32) throws(BenchError) -> Double {
        try field("VmHWM:", of: "/proc/\(process)/status") / 1024
    }

    /// User and system time of all threads so far, in seconds, to one clock tick (10 ms).
    static func cpuSeconds(of process: Int32) throws(BenchError) -> Double {
        let text = try content("/proc/\(process)/stat")
        // The name before the last parenthesis may hold anything; the state behind it is the third field.
        let fields = text.suffix(from: text.lastIndex(of: ")") ?? text.startIndex).split(separator: " ").dropFirst()
        let times = fields.dropFirst(11).prefix(2).compactMap { Double($0) }
        guard times.count == 2 else { throw BenchError("/proc/\(process)/stat is not what proc(5) says: this needs Linux") }
        return (times[0] + times[1]) / ticksPerSecond
    }

    static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    private static func field(_ name: String, of path: String) throws(BenchError) -> Double {
        let line = try content(path).split(separator: "\n").first { $0.hasPrefix(name) }
        guard let value = line?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
            throw BenchError("\(path) has no line '\(name)': this needs Linux 4.14 or newer")
        }
        return value
    }

    static func content(_ path: String) throws(BenchError) -> String {
        do {
            guard let file = FileHandle(forReadingAtPath: path) else { throw BenchError("\(path) cannot be read: has the process ended?") }
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        } catch {
            throw BenchError("\(path) cannot be read: has the process ended?")
        }
    }
}
