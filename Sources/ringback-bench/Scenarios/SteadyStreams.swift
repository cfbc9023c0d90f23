/// Chattering streams: what does an event cost, and how long after the last one does the callback come?
enum SteadyStreams {
    /// Events a second that each stream sends while CPU time is measured.
    private static let rates = [1, 5]

    private struct Outcome {
        /// Microseconds per event, for each rate.
        var cpuPerEvent: [Double] = []
        var latency: Distribution
        var missing: Int
        var duplicates: Int
    }

    static func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        var outcomes: [Stage.Kind: Outcome] = [:]
        for kind in order {
            Terminal.say("chattering streams: \(kind.name)")
            outcomes[kind] = try await stage.with(kind) { try await outcome(of: $0, stage) }
        }
        guard let ringback = outcomes[.ringback], let bare = outcomes[.bare] else { return [] }
        let count = stage.sizes.steady
        let what = "end to callback, \(count) streams ending over \(stage.sizes.steadySeconds) s"
        return rates.indices.map { index in
            Figure(
                "CPU per event, \(count) streams, \(rates[index])/s each", .microseconds, ringback: ringback.cpuPerEvent[index],
                baseline: bare.cpuPerEvent[index])
        } + [
            Figure("\(what): p50", .milliseconds, ringback: ringback.latency.p50, baseline: bare.latency.p50),
            Figure("\(what): p99", .milliseconds, ringback: ringback.latency.p99, baseline: bare.latency.p99),
            Figure("\(what): missing", .count, ringback: Double(ringback.missing), baseline: Double(bare.missing)),
            Figure("\(what): duplicates", .count, ringback: Double(ringback.duplicates), baseline: Double(bare.duplicates)),
        ]
    }

    private static func outcome(of contender: any Contender, _ stage: Stage) async throws -> Outcome {
        let count = stage.sizes.steady
        try await stage.open(count, on: contender)
        var costs: [Double] = []
        for rate in rates { costs.append(try await cpuPerEvent(of: contender, rate: rate, stage)) }
        try await stage.world.tell(.chatter(milliseconds: 1000))
        try await stage.world.tell(.end(milliseconds: stage.sizes.steadySeconds * 1000))
        let report = try await stage.callbacks(count)
        guard let latency = report.latency else { throw BenchError("no callback came at all: see the log of the bridge with --keep") }
        return Outcome(cpuPerEvent: costs, latency: latency, missing: count - report.received, duplicates: report.duplicates)
    }

    private static func cpuPerEvent(of contender: any Contender, rate: Int, _ stage: Stage) async throws -> Double {
        try await stage.world.tell(.chatter(milliseconds: 1000 / rate))
        try await stage.settle()
        let events = try await stage.world.tell(.progress).deltas
        let cpu = try ProcessReading.cpuSeconds(of: contender.id)
        try await Task.sleep(for: .seconds(stage.sizes.steadySeconds))
        let seen = try await stage.world.tell(.progress).deltas - events
        let used = try ProcessReading.cpuSeconds(of: contender.id) - cpu
        guard seen > 0 else { throw BenchError("the streams went silent: the bridge closed them; see its log with --keep") }
        return used / Double(seen) * 1_000_000
    }
}
