import RingbackCore

/// How a command ended, and what that means for the delivery.
///
/// | end | outcome |
/// |---|---|
/// | exit 0 | delivered |
/// | exit 75 (`EX_TEMPFAIL` of sysexits.h) | `command_deferred`: tried again along the schedule |
/// | another exit code | `command_failed`: tried at most three times, as a receiver's 4xx is |
/// | ended by a signal | `command_killed`: tried again along the schedule |
/// | not ended within the endpoint's timeout | `timeout`: tried again along the schedule |
/// | could not be started | `command_not_started`: tried again along the schedule; the operator's to mend |
enum CommandOutcome: Sendable, Hashable {
    case exited(Int32)
    case killed(signal: Int32)
    case timedOut
    case notStarted(String)
    /// Ringback could not run it: no memory, no descriptors, or it is shutting down.
    case ownTrouble(String)

    static let deferral: Int32 = 75

    var error: AttemptError? {
        switch self {
        case .exited(0): nil
        case .exited(Self.deferral): .commandDeferred
        case .exited: .commandFailed
        case .killed: .commandKilled
        case .timedOut: .timeout
        case .notStarted: .commandNotStarted
        case .ownTrouble: .internalTrouble
        }
    }

    var detail: String? {
        switch self {
        case .exited(0): nil
        case .exited(Self.deferral): "the command exited with 75: it asks to be tried again"
        case .exited(let code): "the command exited with \(code)"
        case .killed(let signal): "the command was ended by signal \(signal)"
        case .timedOut: "the command did not end within the timeout and was killed, with everything it had started in its process group"
        case .notStarted(let reason): "the command could not be started: \(reason)"
        case .ownTrouble(let reason): reason
        }
    }
}
