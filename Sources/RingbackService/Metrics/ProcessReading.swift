import Foundation

/// What the kernel says about this process at one moment (proc(5)). What cannot be read is `nil`, and no figure then.
struct ProcessReading {
    let residentBytes: Int?
    /// User and system time of all threads, to one clock tick.
    let cpuSeconds: Double?
    let openFiles: Int?
    let maximumFiles: Int?

    init() {
        residentBytes = Self.words(of: "/proc/self/statm")?.dropFirst().first.flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
        cpuSeconds = Self.text(of: "/proc/self/stat").flatMap(Self.cpuSeconds)
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
        maximumFiles = Self.text(of: "/proc/self/limits").flatMap(Self.maximumFiles)
    }

    /// The name before the last parenthesis may hold anything; the state behind it is the third field.
    static func cpuSeconds(_ stat: String) -> Double? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let times = stat[end...].split(separator: " ").dropFirst(12).prefix(2).compactMap { Double($0) }
        return times.count == 2 ? (times[0] + times[1]) / Double(sysconf(Int32(_SC_CLK_TCK))) : nil
    }

    /// `Max open files`, its soft limit, its hard limit, their unit. A limit that is no number is no limit.
    static func maximumFiles(_ limits: String) -> Int? {
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
    }

    private static func words(of path: String) -> [Substring]? {
        text(of: path)?.split(separator: " ")
    }

    /// A system without /proc has no such figures, which is no trouble.
    private static func text(of path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
