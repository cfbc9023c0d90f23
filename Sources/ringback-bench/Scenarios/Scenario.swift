import ArgumentParser

/// What can be measured, each by itself.
enum Scenario: String, CaseIterable, ExpressibleByArgument, Sendable {
    case idle
    case steady
    case burst
    case deliveries
    case relay
    case fairness
    case redrive

    func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        switch self {
        case .idle: try await IdleMemory.measure(stage, order: order)
        case .steady: try await SteadyStreams.measure(stage, order: order)
        case .burst: try await Burst.measure(stage, order: order)
        case .deliveries: try await Deliveries.measure(stage, order: order)
        case .relay: try await RelayedStreams.measure(stage, order: order)
        case .fairness: try await Fairness.measure(stage)
        case .redrive: try await Redrive.measure(stage)
        }
    }
}
