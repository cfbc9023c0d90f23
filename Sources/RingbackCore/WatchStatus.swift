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
