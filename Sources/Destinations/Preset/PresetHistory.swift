import Presets
import RingbackCore

/// What is on record of requests about a response, as an attempt at one of its events needs it.
///
/// A request that is about to be sent is among the steps with a question mark: `create?`. When its answer comes, the mark goes.
struct PresetHistory: Sendable, Hashable {
    private static let mark = "?"

    /// What answers have kept; `nil` when nothing has been made that is known of.
    let captured: [String: String]?
    /// Requests for this event that were taken.
    let done: [RequestKind]
    /// A request for this event whose answer never came.
    let begun: RequestKind?

    init(_ record: SinkRecord?, of event: EventID) {
        let steps = record?.event == event ? record?.steps ?? [] : []
        done = steps.compactMap { RequestKind(rawValue: $0) }
        begun = steps.last.flatMap { $0.hasSuffix(Self.mark) ? RequestKind(rawValue: String($0.dropLast(Self.mark.count))) : nil }
        let isSomethingMade = record.map { !$0.captured.isEmpty || !$0.steps.allSatisfy { $0.hasSuffix(Self.mark) } } ?? false
        captured = isSomethingMade ? record?.captured : nil
    }

    static func steps(_ done: [RequestKind], begun: RequestKind?) -> [String] {
        done.map(\.rawValue) + [begun.map { $0.rawValue + mark }].compactMap { $0 }
    }
}
