package import RingbackCore
package import Store

/// The life of one delivery: what an attempt's outcome means for it (contract, section 6).
///
/// Knows no clock, no dice and no store: the caller passes `now` and the jitter, carries out what is decided, and reports back.
/// Abandoning by hand is not in it: the store does that, to deliveries that nobody is sending.
package struct DeliveryMachine: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// Waits for its time. Exits: ``begin(now:)`` to sending; ``bury(_:)`` to dead.
        case due(at: Timestamp)
        /// An attempt is under way. Exits: ``attemptEnded(_:now:jitter:)`` to delivered, due or dead; ``release(now:)`` to due;
        /// ``bury(_:)`` to dead.
        case sending
        /// The receiver has it. No exits.
        case delivered
        /// Given up. No exits here: redriving it is a new life, which begins in the store.
        case dead(DeadReason)
    }

    /// What follows from an attempt.
    package struct Decision: Sendable, Hashable {
        package let next: AttemptResultRow.Next
        /// Set when the endpoint is to be disabled, for the reason given.
        package let disabling: DisablingCause?

        package init(_ next: AttemptResultRow.Next, disabling: DisablingCause? = nil) {
            self.next = next
            self.disabling = disabling
        }
    }

    package private(set) var state: State
    /// Counted attempts since the delivery was created or last redriven: its place on the schedule.
    package private(set) var attempts: Int
    /// Attempts in all, our own trouble included: the number of the last one on record.
    package private(set) var attemptsInAll: Int
    private let policy: RetryPolicy
    /// A callback belongs to one watch and cannot be disabled: there is nobody who would enable it again.
    private let canBeDisabled: Bool

    package init(state: State, attempts: Int, attemptsInAll: Int, policy: RetryPolicy, canBeDisabled: Bool) {
        self.state = state
        self.attempts = attempts
        self.attemptsInAll = attemptsInAll
        self.policy = policy
        self.canBeDisabled = canBeDisabled
    }

    /// The machine of a delivery that was claimed, and so is due.
    ///
    /// - Parameter endpoint: `nil` when it no longer exists: all that is left is to ``bury(_:)`` the delivery.
    package init(claimed delivery: Delivery, to endpoint: Endpoint?, now: Timestamp) {
        self.init(
            state: .due(at: now), attempts: delivery.attempts, attemptsInAll: delivery.attemptsInAll,
            policy: endpoint?.retry ?? RetryPolicy(), canBeDisabled: endpoint.map { $0.origin != .callback } ?? false)
    }

    /// Begins an attempt.
    ///
    /// - Returns: The attempt's number on record; `nil` when it is not time yet or there is nothing to send.
    package mutating func begin(now: Timestamp) -> Int? {
        switch state {
        case .due(let time) where time <= now:
            state = .sending
            return attemptsInAll + 1
        case .due, .sending, .delivered, .dead:
            return nil
        }
    }

    /// Decides what an attempt came to.
    ///
    /// - Parameters:
    ///   - now: The time at which the attempt ended; waits count from here.
    ///   - jitter: From 0 up to 1.
    /// - Returns: `nil` when no attempt was under way: the lease ran out while the receiver was still answering, and the late word changes
    ///   nothing.
    package mutating func attemptEnded(_ report: AttemptReport, now: Timestamp, jitter: Double) -> Decision? {
        switch state {
        case .sending:
            let decision = decide(AttemptReading(report), retryAfter: report.retryAfter, now: now, jitter: jitter)
            attemptsInAll += 1
            if report.error?.isOurOwn != true { attempts += 1 }
            state = State(after: decision.next)
            return decision
        case .due, .delivered, .dead:
            return nil
        }
    }

    /// Gives a delivery up for a reason that is not in an answer.
    package mutating func bury(_ reason: DeadReason) -> Decision? {
        switch state {
        case .due, .sending:
            attemptsInAll += 1
            attempts += 1
            state = .dead(reason)
            return Decision(.dead(reason))
        case .delivered, .dead:
            return nil
        }
    }

    /// Gives a delivery back untried: at shutdown, or because its endpoint was disabled meanwhile.
    ///
    /// - Returns: Whether there was anything to give back.
    package mutating func release(now: Timestamp) -> Bool {
        switch state {
        case .sending:
            state = .due(at: now)
            return true
        case .due, .delivered, .dead:
            return false
        }
    }

    private func decide(_ reading: AttemptReading, retryAfter: Duration?, now: Timestamp, jitter: Double) -> Decision {
        switch reading {
        case .success(let disabling):
            return Decision(.delivered, disabling: canBeDisabled ? disabling : nil)
        case .ownTrouble:
            return Decision(.retry(at: now + OwnTrouble.wait(afterTroubles: attemptsInAll - attempts)))
        case .gone:
            return Decision(.dead(.gone), disabling: canBeDisabled ? .gone : nil)
        case .refused:
            return Decision(.dead(.refused))
        case .disabled(let cause):
            // Nobody could enable a callback again, so its delivery would wait for ever.
            guard canBeDisabled else { return Decision(.dead(.refused)) }
            return Decision(onSchedule(retryAfter: retryAfter, now: now, jitter: jitter), disabling: cause)
        case .hopeless(let reason):
            return Decision(.dead(reason))
        case .rejected where attempts + 1 >= RetryPolicy.maximumRejections:
            return Decision(.dead(.rejected))
        case .rejected, .failed:
            return Decision(onSchedule(retryAfter: retryAfter, now: now, jitter: jitter))
        }
    }

    private func onSchedule(retryAfter: Duration?, now: Timestamp, jitter: Double) -> AttemptResultRow.Next {
        guard let delay = policy.delay(afterAttempt: attempts + 1, jitter: jitter, retryAfter: retryAfter) else { return .dead(.exhausted) }
        return .retry(at: now + delay)
    }
}

extension DeliveryMachine.State {
    fileprivate init(after next: AttemptResultRow.Next) {
        switch next {
        case .delivered: self = .delivered
        case .retry(let time): self = .due(at: time)
        case .dead(let reason): self = .dead(reason)
        }
    }
}
