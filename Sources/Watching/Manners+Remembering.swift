package import RingbackCore
package import Store

/// Manners as rows in the store, and as people see them.
extension Manners {
    /// Takes up what was learned before. Rows that mean nothing to this version are left out.
    package init(fixed: FixedManners, remembered: [LearnedManner]) {
        self.init(fixed: fixed)
        var doors: [MannersDoor.Name: MannersDoor] = [:]
        var replays = false
        var windowLimit = Self.shortestWindow
        for manner in remembered {
            guard let name = MannersDoor.Name(rawValue: manner.name) else { continue }
            let isOpen: Bool
            switch (name, manner.value) {
            case (.window, Value.unlimited):
                isOpen = true
            case (.window, let text):
                guard let limit = Duration(text: text) else { continue }
                windowLimit = limit
                isOpen = false
            case (_, Value.yes), (.resumption, Value.replays):
                replays = replays || manner.value == Value.replays
                isOpen = true
            case (_, Value.no):
                isOpen = false
            default:
                continue
            }
            doors[name] = MannersDoor(isOpen: isOpen, since: manner.since, triedAt: manner.triedAt, evidence: manner.evidence)
        }
        self.init(fixed: fixed, doors: doors, replays: replays, windowLimit: windowLimit)
    }

    /// What there is to remember.
    package var learned: [LearnedManner] {
        MannersDoor.Name.allCases.compactMap { name in
            let door = door(name)
            guard let verdict = door.verdict else { return nil }
            return LearnedManner(
                name: name.rawValue, value: value(of: name, isOpen: verdict.isOpen), since: verdict.since,
                triedAt: door.triedAt ?? verdict.since, evidence: verdict.evidence
            )
        }
    }

    /// The four questions and what is known about each.
    package var states: [MannerState] {
        Manner.allCases.map { manner in
            if let value = fixedValue(of: manner) { return MannerState(manner: manner, value: value, isFixed: true) }
            guard let verdict = door(manner.door).verdict else { return MannerState(manner: manner, value: Value.unknown) }
            // That one old response was streamed does not tell how old one may get.
            let isUnbounded = manner == .streamWindow && verdict.isOpen
            return MannerState(
                manner: manner, value: isUnbounded ? Value.unknown : value(of: manner.door, isOpen: verdict.isOpen), since: verdict.since,
                evidence: verdict.evidence
            )
        }
    }

    private func value(of name: MannersDoor.Name, isOpen: Bool) -> String {
        switch name {
        case .streams, .unrequested, .unsure: isOpen ? Value.yes : Value.no
        case .resumption: isOpen ? (replays ? Value.replays : Value.yes) : Value.no
        case .window: isOpen ? Value.unlimited : windowLimit.text
        }
    }

    private func fixedValue(of manner: Manner) -> String? {
        switch manner {
        case .stream: fixed.stream.map(Value.word)
        case .streamUnrequested: fixed.streamUnrequested.map(Value.word)
        case .resume: fixed.resume.map(Value.word)
        case .streamWindow:
            switch fixed.streamWindow {
            case .limited(let limit)?: limit.text
            case .unlimited?: Value.unlimited
            case nil: nil
            }
        }
    }

    private enum Value {
        static let yes = "yes"
        static let no = "no"
        static let replays = "replays"
        static let unlimited = "unlimited"
        static let unknown = "unknown"

        static func word(_ flag: Bool) -> String { flag ? yes : no }
    }
}

/// The questions about an upstream's streams that have an answer each; named as in the configuration.
package enum Manner: String, Sendable, Hashable, CaseIterable {
    /// Does it stream running responses at all?
    case stream
    /// Those too that were not created with `stream: true`?
    case streamUnrequested = "stream_unrequested"
    /// Does it honour `starting_after`?
    case resume
    /// For how long after the creation?
    case streamWindow = "stream_window"

    fileprivate var door: MannersDoor.Name {
        switch self {
        case .stream: .streams
        case .streamUnrequested: .unrequested
        case .resume: .resumption
        case .streamWindow: .window
        }
    }
}

/// What is known about one of an upstream's manners.
package struct MannerState: Sendable, Hashable {
    package let manner: Manner
    /// `yes`, `no`, `unknown`; for ``Manner/resume`` also `replays`; for ``Manner/streamWindow`` a duration, `unlimited` or `unknown`.
    package let value: String
    /// Whether the configuration says so.
    package let isFixed: Bool
    package let since: Timestamp?
    /// Why this is believed, in words for people.
    package let evidence: String?

    package init(manner: Manner, value: String, isFixed: Bool = false, since: Timestamp? = nil, evidence: String? = nil) {
        self.manner = manner
        self.value = value
        self.isFixed = isFixed
        self.since = since
        self.evidence = evidence
    }
}
