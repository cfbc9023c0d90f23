/// What one endpoint has to suffer from its neighbours: each response is told to three endpoints, and only the first one is measured.
///
/// In the baseline the neighbours are as healthy as it is, so that both runs write the same number of deliveries. In the other one the first
/// neighbour takes the connection and never answers, and the second answers after two seconds.
enum Fairness {
    static let healthy = ["/well", "/well"]
    static let troubled = [ReceiverConnection.hangingPath, ReceiverConnection.slowPath]

    static func measure(_ stage: Stage) async throws -> [Figure] {
        Terminal.say("fairness: beside healthy neighbours")
        let beside = try await report(stage, neighbours: healthy)
        Terminal.say("fairness: beside a dead and a slow neighbour")
        let despite = try await report(stage, neighbours: troubled)
        guard let well = beside.latency, let badly = despite.latency else { throw BenchError("no callback came at all") }
        let what = "end to callback, \(stage.sizes.steady) ending over \(stage.sizes.steadySeconds) s, beside a dead and a slow endpoint"
        let baseline = "the same beside two healthy endpoints"
        return [
            Figure("\(what): p50", .milliseconds, ringback: badly.p50, baseline: well.p50, of: baseline),
            Figure("\(what): p99", .milliseconds, ringback: badly.p99, baseline: well.p99, of: baseline),
            Figure(
                "\(what): missing", .count, ringback: Double(stage.sizes.steady - despite.received),
                baseline: Double(stage.sizes.steady - beside.received), of: baseline),
        ]
    }

    private static func report(_ stage: Stage, neighbours: [String]) async throws -> WorldReport {
        try await stage.withRingback(inFlight: Contenders.usualInFlight, neighbours: neighbours) { bridge in
            try await stage.open(stage.sizes.steady, on: bridge)
            try await stage.world.tell(.end(milliseconds: stage.sizes.steadySeconds * 1000))
            return try await stage.callbacks(stage.sizes.steady)
        }
    }
}
