/// What new events suffer while a heap of dead letters of the same endpoint is redriven.
enum Redrive {
    /// Until the heap is there.
    private static let heapLimit: Duration = .seconds(900)

    private struct Outcome {
        let report: WorldReport
        /// How long the call took that made the letters due.
        var call = 0.0
    }

    static func measure(_ stage: Stage) async throws -> [Figure] {
        Terminal.say("redrive: new events alone")
        let alone = try await stage.withRingback(inFlight: Contenders.usualInFlight) { bridge in
            Outcome(report: try await newEvents(stage, on: bridge))
        }
        Terminal.say("redrive: new events while \(stage.sizes.letters) dead letters are redriven")
        let beside = try await stage.withRingback(inFlight: Contenders.usualInFlight) { bridge in
            try await outcomeWithRedrive(stage, bridge)
        }
        guard let quiet = alone.report.latency, let busy = beside.report.latency else { throw BenchError("no callback came at all") }
        let what =
            "end to callback, \(stage.sizes.steady) ending over \(stage.sizes.steadySeconds) s, while \(stage.sizes.letters) are redriven"
        let baseline = "the same without a redrive"
        let missing = stage.sizes.steady + stage.sizes.letters - beside.report.received
        return [
            Figure("\(what): p50", .milliseconds, ringback: busy.p50, baseline: quiet.p50, of: baseline),
            Figure("\(what): p99", .milliseconds, ringback: busy.p99, baseline: quiet.p99, of: baseline),
            Figure(
                "\(what): missing", .count, ringback: Double(missing), baseline: Double(stage.sizes.steady - alone.report.received),
                of: baseline),
            Figure(
                "making \(stage.sizes.letters) dead letters due", .milliseconds, ringback: beside.call * 1000, baseline: 0, of: "nothing"),
        ]
    }

    private static func outcomeWithRedrive(_ stage: Stage, _ bridge: BridgeHandle) async throws -> Outcome {
        try await stage.world.tell(.refuse(true))
        try await bridge.follow(try await stage.world.add(stage.sizes.letters, isFinished: true))
        try await waitUntil("all letters to be dead", within: heapLimit, every: .milliseconds(200)) {
            try await bridge.hasNothingToFollow()
        }
        try await waitUntil("all letters to be turned away", within: heapLimit, every: .milliseconds(200)) {
            try await stage.world.tell(.progress).turnedAway >= stage.sizes.letters
        }
        try await stage.settle()
        try await stage.world.tell(.refuse(false))
        try await stage.open(stage.sizes.steady, on: bridge)
        let redrive = bridge.redrive
        async let call = seconds(redrive)
        try await stage.world.tell(.end(milliseconds: stage.sizes.steadySeconds * 1000))
        let report = try await stage.callbacks(stage.sizes.steady + stage.sizes.letters)
        return Outcome(report: report, call: try await call)
    }

    private static func seconds(_ work: @Sendable () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await work()
        let took = ContinuousClock.now - start
        return Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
    }

    private static func newEvents(_ stage: Stage, on bridge: BridgeHandle) async throws -> WorldReport {
        try await stage.open(stage.sizes.steady, on: bridge)
        try await stage.world.tell(.end(milliseconds: stage.sizes.steadySeconds * 1000))
        return try await stage.callbacks(stage.sizes.steady)
    }
}
