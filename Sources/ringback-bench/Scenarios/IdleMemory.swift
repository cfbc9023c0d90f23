/// Silent streams: what does keeping one cost?
enum IdleMemory {
    private struct Outcome {
        /// KiB per stream, for each size.
        var perStream: [Double] = []
        /// KiB for each stream of the last size beyond the one before; without the fixed costs.
        var perFurtherStream: Double?
    }

    static func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        var outcomes: [Stage.Kind: Outcome] = [:]
        for kind in order {
            Terminal.say("idle memory: \(kind.name)")
            outcomes[kind] = try await stage.with(kind) { try await outcome(of: $0, stage) }
        }
        guard let ringback = outcomes[.ringback], let bare = outcomes[.bare] else { return [] }
        var figures = stage.sizes.idle.indices.map { index in
            Figure(
                "memory per idle stream, \(stage.sizes.idle[index]) streams", .kibibytes, ringback: ringback.perStream[index],
                baseline: bare.perStream[index])
        }
        if let further = ringback.perFurtherStream, let baseline = bare.perFurtherStream {
            figures.append(Figure("memory per further idle stream", .kibibytes, ringback: further, baseline: baseline))
        }
        return figures
    }

    private static func outcome(of contender: any Contender, _ stage: Stage) async throws -> Outcome {
        try await stage.settle()
        let before = try ProcessReading.anonymousKiB(of: contender.id)
        var outcome = Outcome()
        var last = (count: 0, memory: before)
        for count in stage.sizes.idle {
            try await stage.open(count - last.count, on: contender)
            let memory = try ProcessReading.anonymousKiB(of: contender.id)
            outcome.perStream.append((memory - before) / Double(count))
            if last.count > 0 { outcome.perFurtherStream = (memory - last.memory) / Double(count - last.count) }
            last = (count, memory)
        }
        return outcome
    }
}
