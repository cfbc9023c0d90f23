/// Callbacks that wait in the store of a bridge whose endpoint was disabled: how fast do they go out once it is enabled?
///
/// The bridge reads each from its store, signs it, sends it, and records the attempt for good. The baseline signs and sends, and that is all.
enum Deliveries {
    private static let limits = [16, 64]

    static func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        var figures: [Figure] = []
        for inFlight in limits {
            var reports: [Stage.Kind: WorldReport] = [:]
            for kind in order {
                Terminal.say("deliveries, \(inFlight) in flight: \(kind.name)")
                reports[kind] =
                    switch kind {
                    case .bare: try await stage.withBare { try await bare($0, inFlight: inFlight, stage) }
                    case .ringback: try await stage.withRingback(inFlight: inFlight) { try await ringback($0, stage) }
                    }
            }
            guard let ringback = reports[.ringback], let bare = reports[.bare] else { continue }
            let count = stage.sizes.deliveries
            let what = "deliveries from the store, \(count), \(inFlight) in flight"
            figures += [
                Figure(what, .perSecond, ringback: rate(ringback), baseline: rate(bare), of: "bare libcurl, signed, nothing durable"),
                Figure(
                    "\(what): missing", .count, ringback: Double(count - ringback.received), baseline: Double(count - bare.received),
                    of: "bare libcurl, signed, nothing durable"),
                Figure(
                    "\(what): duplicates", .count, ringback: Double(ringback.duplicates), baseline: Double(bare.duplicates),
                    of: "bare libcurl, signed, nothing durable"),
            ]
        }
        return figures
    }

    private static func rate(_ report: WorldReport) -> Double {
        guard let seconds = report.secondsToLast, seconds > 0 else { return 0 }
        return Double(report.received) / seconds
    }

    private static func bare(_ bare: BareHandle, inFlight: Int, _ stage: Stage) async throws -> WorldReport {
        let numbers = try await stage.world.add(stage.sizes.deliveries, isFinished: true)
        try await stage.world.tell(.mark)
        try await bare.post(numbers, inFlight: inFlight)
        return try await stage.callbacks(numbers.count)
    }

    private static func ringback(_ bridge: BridgeHandle, _ stage: Stage) async throws -> WorldReport {
        try await bridge.disableEndpoint()
        let numbers = try await stage.world.add(stage.sizes.deliveries, isFinished: true)
        try await bridge.follow(numbers)
        try await waitUntil("all ends to be in the store", within: Stage.openLimit, every: .milliseconds(100)) {
            try await bridge.hasNothingToFollow()
        }
        try await stage.settle()
        try await stage.world.tell(.mark)
        try await bridge.enableEndpoint()
        return try await stage.callbacks(numbers.count)
    }
}
