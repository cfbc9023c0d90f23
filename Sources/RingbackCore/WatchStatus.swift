/// The state of a watch (contract, section 5).
package enum WatchStatus: String, Sendable, Hashable, CaseIterable, Codable {
    // The upstream's own words.
    case queued
    case inProgress = "in_progress"
    case completed
    case failed
    case incomplete
    case cancelled
    // The bridge's words: the upstream no longer knows the response; our deadline passed; somebody stopped the watch.
    case lost
    case expired
    case stopped

    /// Whether the watch is still followed.
    package var isOpen: Bool {
        switch self {
        case .queued, .inProgress: true
        case .completed, .failed, .incomplete, .cancelled, .lost, .expired, .stopped: false
        }
    }
}

/// What an upstream says of a response that runs.
package enum RunningStatus: Sendable, Hashable, CaseIterable {
    case queued
    case inProgress
    /// The response waits for whoever made it: for the result of a function call, or for an approval.
    case requiresAction

    /// - Parameter word: Any status that is not terminal. Words nobody knows here (`pending`, `running`, `cancelling`, …) mean that it runs.
    package init(word: String) {
        self = Self.allCases.first { $0.word == word } ?? .inProgress
    }

    package var watchStatus: WatchStatus {
        switch self {
        case .queued: .queued
        case .inProgress, .requiresAction: .inProgress
        }
    }

    package var eventType: EventType {
        switch self {
        case .queued: .responseQueued
        case .inProgress: .responseInProgress
        case .requiresAction: .responseRequiresAction
        }
    }

    private var word: String {
        switch self {
        case .queued: "queued"
        case .inProgress: "in_progress"
        case .requiresAction: "requires_action"
        }
    }
}

/// One of the four statuses a response ends with. Every other string an upstream shows means "running".
package enum TerminalStatus: String, Sendable, Hashable, CaseIterable, Codable {
    case completed
    case failed
    case incomplete
    case cancelled

    package var watchStatus: WatchStatus {
        switch self {
        case .completed: .completed
        case .failed: .failed
        case .incomplete: .incomplete
        case .cancelled: .cancelled
        }
    }

    package var eventType: EventType {
        switch self {
        case .completed: .responseCompleted
        case .failed: .responseFailed
        case .incomplete: .responseIncomplete
        case .cancelled: .responseCancelled
        }
    }
}
