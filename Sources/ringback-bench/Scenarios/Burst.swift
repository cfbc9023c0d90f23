/// Thousands of responses that end within one second.
enum Burst {
    private static let duration = 1000
    /// Before the end each stream sends an event this often, in milliseconds.
    private static let chatter = 5000

    private struct Outcome {
        let latency: Distribution
        let missing: Int
        let duplicates: Int
        /// MiB.
        let peakMemory: Double
    }

    static func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        var outcomes: [Stage.Kind: Outcome] = [:]
        for kind in order {
            Terminal.say("burst: \(kind.name)")
            outcomes[kind] = try await stage.with(kind) { try await outcome(of: $0, stage) }
        }
        guard let ringback = outcomes[.ringback], let bare = outcomes[.bare] else { return [] }
        let what = "end to callback, \(stage.sizes.burst) ending within 1 s"
        return [
            Figure("\(what): p50", .milliseconds, ringback: ringback.latency.p50, baseline: bare.latency.p50),
            Figure("\(what): p99", .milliseconds, ringback: ringback.latency.p99, baseline: bare.latency.p99),
            Figure("\(what): max", .milliseconds, ringback: ringback.latency.max, baseline: bare.latency.max),
            Figure("\(what): missing", .count, ringback: Double(ringback.missing), baseline: Double(bare.missing)),
            Figure("\(what): duplicates", .count, ringback: Double(ringback.duplicates), baseline: Double(bare.duplicates)),
            Figure("\(what): peak memory", .mebibytes, ringback: ringback.peakMemory, baseline: bare.peakMemory),
        ]
    }

    private static func outcome(of contender: any Contender, _ stage: Stage) async throws -> Outcome {
        let count = stage.sizes.burst
        try await stage.open(count, on: contender)
        try await stage.world.tell(.chatter(milliseconds: chatter))
        try await stage.settle()
        try await stage.world.tell(.end(milliseconds: duration))
        let report = try await stage.callbacks(count)
        guard let latency = report.latency else { throw BenchError("no callback came at all: see the log of the bridge with --keep") }
        return Outcome(
            latency: latency, missing: count - report.received, duplicates: report.duplicates,
            peakMemory: try ProcessReading.peakMiB(of: contender.id))
    }
}
