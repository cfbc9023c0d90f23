import RingbackCore

/// Says which request comes next for an event, from what is there already.
///
/// Knows no store and no transport: whoever runs it sends what it says and tells it what came of that.
package struct PresetFlow: Sendable {
    package enum Step: Sendable, Hashable {
        case send(RequestKind)
        /// There is nothing to send, and why; the delivery is done.
        case nothing(String)
        case done
    }

    private let preset: Preset
    private let rule: OutcomeRule
    private let outcome: String
    /// What an earlier request made, or a search found.
    package private(set) var captured: [String: String]
    /// Whether there is something that later requests can be about.
    private var exists: Bool
    private var hasSearched: Bool
    private var hasCreatedAnew = false
    private let begun: RequestKind?
    private var hasChecked = false
    /// Requests that this event still needs; `nil` before that is known.
    private var waiting: [RequestKind]?

    /// - Parameters:
    ///   - kept: What is kept of an earlier request about the same response; `nil` when there is nothing.
    ///   - done: The requests that are made for this event already, when an earlier attempt got only half the way.
    ///   - begun: The request that an earlier attempt at this event was about to send, when nothing is known of its answer: what is found now
    ///     may be that attempt's own.
    package init(
        _ preset: Preset, outcome: String, kept: [String: String]?, done: [RequestKind] = [], begun: RequestKind? = nil
    ) {
        self.preset = preset
        self.outcome = outcome
        rule = preset.rule(for: outcome)
        captured = kept ?? [:]
        exists = kept != nil
        hasSearched = false
        self.begun = begun
        if !done.isEmpty { waiting = (done.contains(.create) ? rule.then : rule.later).filter { !done.contains($0) } }
    }

    package mutating func next() -> Step {
        if let waiting {
            guard let next = waiting.first else { return .done }
            let isInDoubt = next == .comment && begun == .comment && !hasChecked && preset.requests[.check] != nil
            return .send(isInDoubt ? .check : next)
        }
        if exists {
            guard !rule.later.isEmpty else { return .nothing("nothing is sent when a response is \(outcome) later") }
            waiting = rule.later
            return next()
        }
        guard let first = rule.first else { return .nothing("nothing is sent for \(outcome)") }
        if preset.requests[.search] != nil, !hasSearched, first == .create { return .send(.search) }
        waiting = [first] + rule.then
        return .send(first)
    }

    /// A search came back.
    ///
    /// - Parameter found: What it captured; `nil` when there is nothing.
    package mutating func searched(found: [String: String]?) {
        hasSearched = true
        guard let found else { return }
        captured = found
        exists = true
        // The search before that create found nothing, so this is what the create made: the event has been told.
        if begun == .create { waiting = [] }
    }

    /// It was looked whether the comment is there already.
    package mutating func checked(found: Bool) {
        hasChecked = true
        if found { waiting?.removeAll { $0 == .comment } }
    }

    /// A request was taken.
    package mutating func delivered(_ kind: RequestKind, captured new: [String: String]) {
        captured.merge(new) { $1 }
        exists = true
        waiting?.removeAll { $0 == kind }
    }

    /// What the request was about is gone.
    ///
    /// - Returns: Whether it is made anew; once, so that two systems that deny each other's objects do not go round in circles.
    package mutating func missing() -> Bool {
        guard !hasCreatedAnew, rule.first != nil, preset.requests[.create] != nil else { return false }
        hasCreatedAnew = true
        hasSearched = true
        exists = false
        captured = [:]
        waiting = rule.first == .create ? [.create] + rule.then : nil
        return true
    }
}

extension Preset {
    /// What is sent for an outcome: as the preset says; else create it first, and later update it, comment it, or make another.
    package func rule(for outcome: String) -> OutcomeRule {
        if let rule = outcomes[outcome] ?? (outcome == Self.testOutcome ? outcomes["other"] : nil) { return rule }
        let later = [RequestKind.update, .comment, .create].first { requests[$0] != nil }
        return OutcomeRule(first: requests[.create] == nil ? nil : .create, later: later.map { [$0] } ?? [])
    }

    /// The words for `{{outcome}}`.
    package static let outcomeNames = TerminalStatus.allCases.map(\.rawValue) + ["other"]
    /// What a `ringback.test` is by rules; where a preset has none for it, and everywhere else, it is one of the others.
    package static let testOutcome = "test"
}
