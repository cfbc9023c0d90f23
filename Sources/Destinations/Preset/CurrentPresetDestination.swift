import Delivering
import RingbackCore
import Store

/// A preset as it is when an attempt begins: destinations outlive a reload, which may bring another one of the same name.
struct CurrentPresetDestination: Destination {
    /// `nil` when the preset is no longer there.
    let make: @Sendable () -> PresetDestination?

    var needsResponse: Bool { true }

    func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        guard let destination = make() else { return Self.missing }
        return await destination.attempt(job, number: number, startedAt: startedAt)
    }

    func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport {
        guard let destination = make() else { return Self.missing }
        return await destination.attempt(together: jobs, startedAt: startedAt)
    }

    private static let missing = AttemptReport(
        error: .internalTrouble, detail: "the endpoint's preset is no longer there: bring it back, or remove the endpoint")
}
