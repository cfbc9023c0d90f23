import Foundation
package import RingbackCore

/// Reads the machine's limits from where Linux tells them. What cannot be read is left out: not every system has everything.
package enum MachineProbe {
    /// - Parameters:
    ///   - storePath: The file whose disk counts; it need not be there yet.
    ///   - server: The process id of the running server, whose own limit on open files counts.
    package static func facts(upstreams: [Upstream], storePath: String?, server: Int32?) -> MachineFacts {
        var facts = MachineFacts(
            streams: upstreams.map(\.maximumStreams).reduce(0, +), largestUpstream: upstreams.map(\.maximumStreams).max() ?? 0)
        if let server, let limit = openFiles(text("/proc/\(server)/limits")) {
            facts.openFiles = limit
            facts.isServersOwn = true
        } else {
            facts.openFiles = openFiles(text("/proc/self/limits"))
        }
        facts.ports = ports(text("/proc/sys/net/ipv4/ip_local_port_range"))
        facts.memory = memory(
            text("/proc/meminfo"), limit: text("/sys/fs/cgroup/memory.max"), used: text("/sys/fs/cgroup/memory.current"))
        facts.disk = storePath.flatMap(disk)
        return facts
    }

    /// The soft limit: `Max open files            1024                 524288               files`.
    static func openFiles(_ limits: String?) -> Int? {
        let name = "Max open files"
        guard let line = limits?.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let soft = line.dropFirst(name.count).split(separator: " ").first
        else { return nil }
        return soft == "unlimited" ? .max : Int(soft)
    }

    /// The first and the last port.
    static func ports(_ range: String?) -> Int? {
        let numbers = (range ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 2, numbers[1] >= numbers[0] else { return nil }
        return numbers[1] - numbers[0] + 1
    }

    /// What the machine has left, or the container, whichever is less.
    static func memory(_ information: String?, limit: String?, used: String?) -> Int? {
        let name = "MemAvailable:"
        let line = information?.split(separator: "\n").first { $0.hasPrefix(name) }
        let available = line?.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }.map { $0 << 10 }
        let number = { (text: String?) in text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } }
        guard let limit = number(limit), let used = number(used) else { return available }
        return min(available ?? .max, max(0, limit - used))
    }

    static func disk(_ storePath: String) -> MachineFacts.Disk? {
        var directory = (storePath as NSString).deletingLastPathComponent
        if directory.isEmpty { directory = "." }
        // Where the store is not there yet, its directory may not be either.
        while !FileManager.default.fileExists(atPath: directory), directory.contains("/"), directory != "/" {
            directory = (directory as NSString).deletingLastPathComponent
        }
        guard let facts = try? FileManager.default.attributesOfFileSystem(forPath: directory.isEmpty ? "." : directory),
            let free = facts[.systemFreeSize] as? NSNumber, let size = facts[.systemSize] as? NSNumber
        else { return nil }
        let nodes = (facts[.systemNodes] as? NSNumber)?.intValue ?? 0
        // Some file systems make inodes as they need them, and say that there are none.
        let freeFiles = nodes > 0 ? (facts[.systemFreeNodes] as? NSNumber)?.intValue : nil
        return MachineFacts.Disk(path: storePath, free: free.intValue, size: size.intValue, freeFiles: freeFiles)
    }

    private static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
