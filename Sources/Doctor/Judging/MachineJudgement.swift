/// The limits of the machine that Ringback can run into.
package struct MachineFacts: Sendable, Hashable {
    /// Open files a process may have; `nil` when nobody could tell.
    package var openFiles: Int?
    /// Whether that is the running server's own limit, rather than that of this command.
    package var isServersOwn = false
    /// What all upstreams together may have as streams.
    package var streams: Int
    /// The most streams to one upstream.
    package var largestUpstream: Int
    /// Ports for connections to one address.
    package var ports: Int?
    /// In bytes, what is free for new work.
    package var memory: Int?
    package var disk: Disk?

    package struct Disk: Sendable, Hashable {
        package let path: String
        /// In bytes, for others than root.
        package let free: Int
        package let size: Int
        /// Files that can still be made; `nil` where the file system has no such limit.
        package let freeFiles: Int?

        package init(path: String, free: Int, size: Int, freeFiles: Int?) {
            self.path = path
            self.free = free
            self.size = size
            self.freeFiles = freeFiles
        }
    }

    package init(streams: Int, largestUpstream: Int) {
        self.streams = streams
        self.largestUpstream = largestUpstream
    }
}

package enum MachineJudgement {
    /// Descriptors beside streams: deliveries, clients, the store.
    static let otherFiles = 1_000
    /// Below this the bridge hardly works at all.
    static let leastFiles = 256
    /// Memory of one stream over HTTPS.
    static let memoryPerStream = 64 << 10
    static let leastDisk = 64 << 20
    static let comfortableDisk = 1 << 30
    static let leastFreeFiles = 1_000

    package static func findings(_ facts: MachineFacts) -> [Finding] {
        [files(facts), ports(facts), memory(facts)].compactMap { $0 } + (facts.disk.map { [disk($0)] } ?? [])
    }

    private static func files(_ facts: MachineFacts) -> Finding? {
        guard let limit = facts.openFiles else { return nil }
        let whose = facts.isServersOwn ? "the server may" : "a process started from here may"
        let words = "\(whose) open \(limit) files, and max_streams alone comes to \(facts.streams)"
        let advice = "raise the limit (ulimit -n, LimitNOFILE= in the unit), or lower max_streams: above it, responses are polled"
        if limit < leastFiles { return Finding(.machine, .serious, words, advice: advice) }
        // Ringback polls what it cannot stream only above max_streams: before that it runs out of descriptors.
        if limit < facts.streams + otherFiles { return Finding(.machine, .note, words, advice: advice) }
        return Finding(.machine, .ok, "\(whose) open \(limit) files")
    }

    private static func ports(_ facts: MachineFacts) -> Finding? {
        guard let ports = facts.ports else { return nil }
        guard ports < facts.largestUpstream else { return Finding(.machine, .ok, "there are \(ports) ports for connections to one server") }
        return Finding(
            .machine, .note,
            "there are \(ports) ports for connections to one server, and an upstream may have \(facts.largestUpstream) streams",
            advice: "widen net.ipv4.ip_local_port_range, or lower max_streams; a server that speaks HTTP/2 needs few")
    }

    private static func memory(_ facts: MachineFacts) -> Finding? {
        guard let memory = facts.memory else { return nil }
        let needed = facts.streams * memoryPerStream
        guard memory < needed else { return Finding(.machine, .ok, "\(size(memory)) of memory are free") }
        return Finding(
            .machine, .note, "\(size(memory)) of memory are free, and \(facts.streams) streams may take \(size(needed))",
            advice: "lower max_streams, or give the machine more memory")
    }

    private static func disk(_ disk: MachineFacts.Disk) -> Finding {
        let words = "\(size(disk.free)) of \(size(disk.size)) are free on the disk of \(disk.path)"
        if disk.free < leastDisk {
            return Finding(
                .machine, .serious, words + ": when it is full nothing is acknowledged any more", advice: "make room, or shorten retention")
        }
        if let files = disk.freeFiles, files < leastFreeFiles {
            return Finding(
                .machine, .serious, "only \(files) more files can be made on the disk of \(disk.path)", advice: "remove files nobody needs")
        }
        if disk.free < comfortableDisk { return Finding(.machine, .note, words, advice: "make room, or shorten retention") }
        return Finding(.machine, .ok, words)
    }

    static func size(_ bytes: Int) -> String {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let (name, unit) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) bytes" }
        return "\(bytes / unit).\(bytes % unit * 10 / unit) \(name)"
    }
}
