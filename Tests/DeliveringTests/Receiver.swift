import Delivering
import NIOConcurrencyHelpers
import RingbackCore
import Store

/// The other end of an endpoint, as a test scripts it.
final class Receiver: Sendable {
    struct Call: Sendable, Hashable {
        let event: EventID
        let type: EventType
        let data: String
        let number: Int
        let startedAt: Timestamp
        let response: [UInt8]?
        /// The definition by which the destination was made.
        let endpoint: Endpoint
    }

    enum Step: Sendable {
        case answer(AttemptReport)
        /// No answer until the gate is open; a cancelled attempt ends as Ringback's own trouble.
        case wait(Gate, AttemptReport)
    }

    let calls = Journal<Call>()
    /// Cancelled attempts.
    let cancelled = Journal<Call>()
    private let script: @Sendable (_ call: Call, _ index: Int) -> Step

    /// - Parameter script: `index` counts the calls from 1.
    init(_ script: @escaping @Sendable (_ call: Call, _ index: Int) -> Step) {
        self.script = script
    }

    /// Answers these statuses in turn, and the last one from then on.
    convenience init(statuses: Int...) {
        self.init { _, index in .answer(DeliveryMachineTests.answer(statuses[min(index, statuses.count) - 1])) }
    }

    static func hanging() -> Receiver {
        let gate = Gate()
        return Receiver { _, _ in .wait(gate, AttemptReport()) }
    }

    func answer(_ call: Call) async -> AttemptReport {
        let index = calls.append(call)
        switch script(call, index) {
        case .answer(let report):
            return report
        case .wait(let gate, let report):
            await gate.wait()
            guard Task.isCancelled else { return report }
            cancelled.append(call)
            return AttemptReport(error: .internalTrouble, detail: "cancelled")
        }
    }
}

struct ScriptedDestination: Destination {
    let endpoint: Endpoint
    let receiver: Receiver
    let needsResponse: Bool

    func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        await receiver.answer(
            Receiver.Call(
                event: job.event.id, type: job.event.type, data: String(decoding: job.event.data, as: UTF8.self), number: number,
                startedAt: startedAt, response: job.response, endpoint: endpoint))
    }
}
