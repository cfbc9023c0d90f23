package import RingbackCore
package import Store

/// An endpoint's circuit breaker (contract, section 6): lets deliveries wait while the receiver only fails, instead of burning their
/// attempts, and finds out by single probes when it is back.
///
/// It trips at ``minimumAttempts`` attempts or more within five minutes of which ``failurePercent`` or more failed. While it is open nothing
/// is sent. When its wait is over, the next delivery is the probe: its success closes the breaker, and the backlog flows at a rate that
/// doubles every second (``ramp(elapsed:)``); its failure opens it again, for twice as long.
///
/// | probe | 1 | 2 | 3 | 4 | 5 | 6 and later |
/// |---|---|---|---|---|---|---|
/// | after a wait of (± 20 %) | 15 s | 30 s | 1 min | 2 min | 4 min | 5 min |
///
/// Beside that it remembers since when nothing but failures came: after ``disablingAfter`` the endpoint is to be disabled. And it owes the
/// event `endpoint.recovered`: from the moment it trips, or the endpoint is disabled by what its receiver answered, until the first success
/// after which it is closed. So there is one such event per time of trouble, however often the breaker tripped in it.
///
/// Pure: knows no clock, no dice and no store. Callbacks have none, see ``BreakerTable``.
package struct Breaker: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// Deliveries flow. Exits: ``attemptEnded(_:_:now:jitter:)`` to open when too many fail.
        case closed
        /// Deliveries wait. Exits: ``begin(now:)`` to probing once `until` has come; ``reset(_:)`` and ``disabled(now:)`` to closed.
        case open(until: Timestamp)
        /// One attempt is under way as a probe. Exits: ``attemptEnded(_:_:now:jitter:)`` to closed or open; ``reset(_:)`` and
        /// ``disabled(now:)`` to closed.
        case probing
    }

    /// Stands for one attempt. What an attempt came to that was begun under an older state does not move the newer one.
    package struct Ticket: Sendable, Hashable {
        fileprivate let era: Int
        package let isProbe: Bool

        /// For endpoints without a breaker.
        static let none = Ticket(era: 0, isProbe: false)
    }

    /// What an attempt says about the receiver.
    package enum Verdict: Sendable, Hashable, CaseIterable {
        case success
        case failure
        /// The attempt says nothing about the receiver: it was Ringback's own trouble, or it was not made.
        case nothing
    }

    /// What is allowed now.
    package enum Permission: Sendable, Hashable {
        case flow
        /// So many in a time: the receiver has only just recovered.
        case flowSlowly(RateLimit)
        /// One attempt, as a probe.
        case probe
        /// Nothing before then.
        case wait(until: Timestamp)
        /// Nothing before the probe has ended.
        case waitForProbe
    }

    /// What follows from an attempt, to be carried out by the caller.
    package struct Consequences: Sendable, Hashable {
        /// ``recordToSave()`` has to be written down.
        package var mustSave = false
        package var hasTripped = false
        /// Set when `endpoint.recovered` is to be raised, once per value.
        package var recoveredFrom: Timestamp?
        /// Set when the endpoint is to be disabled, since nothing but failures came since then.
        package var failingSince: Timestamp?
    }

    package static let minimumAttempts = 10
    package static let failurePercent = 70
    package static let firstWait: Duration = .seconds(15)
    package static let longestWait: Duration = .seconds(300)
    /// Each wait is multiplied by a number from `1 - jitter` to `1 + jitter`, so that several nodes do not probe at the same moments.
    package static let jitter = 0.2
    /// A breaker that trips again sooner than so long after it closed goes on with the waits where it stopped.
    package static let calm: Duration = .seconds(600)
    package static let disablingAfter: Duration = .seconds(5 * 86_400)
    /// An endpoint that gets an event a week is not disabled by two failures.
    package static let disablingFailures = 10
    /// A lasting failure is written down once, so that a restart does not begin the five days anew; a passing one is not worth a write.
    package static let lasting: Duration = .seconds(600)
    package static let rampLength: Duration = .seconds(10)
    private static let rampStart = 5

    package private(set) var state = State.closed
    private var since: Timestamp?
    private var rampFrom: Timestamp?
    private var window = FailureWindow()
    /// Waits since it was calm.
    private var waits = 0
    private var failingSince: Timestamp?
    private var failures = 0
    private var isLastingFailureSaved = false
    private var recoveryOwedSince: Timestamp?
    private var resetAt: Timestamp?
    private var era = 1
    /// How often it was written down.
    private var version = 0

    package init() {}

    /// The breaker as it was when the process before this one wrote it down.
    package init(_ record: BreakerRecord) {
        state = record.openUntil.map { .open(until: $0) } ?? .closed
        since = record.since
        waits = record.waits
        failingSince = record.failingSince
        failures = record.failures
        isLastingFailureSaved = record.failingSince != nil
        recoveryOwedSince = record.recoveryOwedSince
        resetAt = record.resetAt
        version = record.version
    }

    /// What is to be written down now. A probe under way is kept as open: after a restart there is another one.
    package mutating func recordToSave() -> BreakerRecord {
        version += 1
        let openUntil: Timestamp? =
            switch state {
            case .closed: nil
            case .open(let until): until
            case .probing: since
            }
        return BreakerRecord(
            openUntil: openUntil, since: since, waits: waits, failingSince: failingSince, failures: failures,
            recoveryOwedSince: recoveryOwedSince, resetAt: resetAt, version: version)
    }

    // MARK: Attempts

    package func permission(now: Timestamp) -> Permission {
        switch state {
        case .closed:
            guard let rampFrom, (.zero..<Self.rampLength).contains(now - rampFrom) else { return .flow }
            return .flowSlowly(Self.ramp(elapsed: now - rampFrom))
        case .open(let until):
            return isProbeDue(until, now: now) ? .probe : .wait(until: until)
        case .probing:
            return .waitForProbe
        }
    }

    /// Begins an attempt.
    ///
    /// - Returns: `nil` when it has to wait.
    package mutating func begin(now: Timestamp) -> Ticket? {
        switch state {
        case .closed:
            return Ticket(era: era, isProbe: false)
        case .open(let until):
            guard isProbeDue(until, now: now) else { return nil }
            state = .probing
            era += 1
            return Ticket(era: era, isProbe: true)
        case .probing:
            return nil
        }
    }

    /// Takes what an attempt came to.
    ///
    /// - Parameter jitter: From 0 up to 1.
    package mutating func attemptEnded(_ ticket: Ticket, _ verdict: Verdict, now: Timestamp, jitter: Double) -> Consequences {
        // Even an attempt of an older state tells that not everything fails.
        var consequences = Consequences(mustSave: verdict == .success && forgetFailures())
        guard ticket.era == era else { return consequences }
        switch (state, verdict) {
        case (.closed, .success):
            window.add(isFailure: false, now: now)
            payRecovery(&consequences)
        case (.closed, .failure):
            window.add(isFailure: true, now: now)
            noteFailure(&consequences, now: now)
            if isTooMuch(now: now) { trip(&consequences, now: now, jitter: jitter) }
        case (.closed, .nothing):
            break
        case (.probing, .success):
            close(now: now)
            consequences.mustSave = true
            payRecovery(&consequences)
        case (.probing, .failure):
            noteFailure(&consequences, now: now)
            waits += 1
            open(now: now, jitter: jitter)
            consequences.mustSave = true
        case (.probing, .nothing):
            // The probe told nothing: another one after the same wait.
            open(now: now, jitter: jitter)
            consequences.mustSave = true
        case (.open, _):
            preconditionFailure("an attempt of this state ended, but while it is open none is begun: \(state)")
        }
        return consequences
    }

    // MARK: What others decide

    /// The endpoint is disabled by what its receiver answered, or did not answer for too long.
    package mutating func disabled(now: Timestamp) {
        close(now: now)
        rampFrom = nil
        _ = forgetFailures()
        waits = 0
        recoveryOwedSince = recoveryOwedSince ?? now
    }

    /// Takes over a reset that somebody wrote into the store by enabling the endpoint.
    ///
    /// - Returns: Whether there was a newer one.
    package mutating func reset(_ record: BreakerRecord) -> Bool {
        guard let time = record.resetAt, resetAt.map({ time > $0 }) ?? true else { return false }
        let era = era + 1
        let version = max(version, record.version)
        self = Breaker(record)
        self.era = era
        self.version = version
        return true
    }

    /// As people see it.
    package func status(now: Timestamp) -> BreakerStatus {
        let counts = window.counts(now: now)
        var status = BreakerStatus(since: since, attempts: counts.attempts, failures: counts.failures, failingSince: failingSince)
        switch state {
        case .closed:
            status.state = .closed
        case .open(let until):
            status.state = isProbeDue(until, now: now) ? .halfOpen : .open
            status.nextProbeAt = until
        case .probing:
            status.state = .halfOpen
        }
        return status
    }

    // MARK: Inside

    private func isProbeDue(_ until: Timestamp, now: Timestamp) -> Bool {
        // Further away than any wait: the wall clock was set back, and nobody shall wait until it has caught up.
        until <= now || until - now > Self.longestWait * 2
    }

    private func isTooMuch(now: Timestamp) -> Bool {
        let counts = window.counts(now: now)
        return counts.attempts >= Self.minimumAttempts && counts.failures * 100 >= counts.attempts * Self.failurePercent
    }

    private mutating func trip(_ consequences: inout Consequences, now: Timestamp, jitter: Double) {
        let wasCalm = since.map { now - $0 >= Self.calm } ?? true
        waits = wasCalm ? 0 : waits + 1
        since = now
        recoveryOwedSince = recoveryOwedSince ?? now
        open(now: now, jitter: jitter)
        consequences.hasTripped = true
        consequences.mustSave = true
    }

    private mutating func open(now: Timestamp, jitter: Double) {
        state = .open(until: now + Self.wait(waits, jitter: jitter))
        era += 1
    }

    private mutating func close(now: Timestamp) {
        state = .closed
        since = now
        rampFrom = now
        window = FailureWindow()
        era += 1
    }

    private mutating func noteFailure(_ consequences: inout Consequences, now: Timestamp) {
        let start = failingSince ?? now
        failingSince = start
        failures += 1
        if now - start >= Self.lasting, !isLastingFailureSaved {
            isLastingFailureSaved = true
            consequences.mustSave = true
        }
        if now - start >= Self.disablingAfter, failures >= Self.disablingFailures { consequences.failingSince = start }
    }

    /// - Returns: Whether that has to be written down.
    private mutating func forgetFailures() -> Bool {
        defer { isLastingFailureSaved = false }
        failingSince = nil
        failures = 0
        return isLastingFailureSaved
    }

    private mutating func payRecovery(_ consequences: inout Consequences) {
        guard let owed = recoveryOwedSince else { return }
        recoveryOwedSince = nil
        consequences.recoveredFrom = owed
        consequences.mustSave = true
    }

    private static func wait(_ number: Int, jitter dice: Double) -> Duration {
        let wait = min(firstWait * (1 << min(number, 10)), longestWait)
        return .milliseconds(Int64((wait.inSeconds * (1 + jitter * (2 * dice - 1)) * 1000).rounded()))
    }

    /// | second after the success | 1 | 2 | 3 | … | 10 |
    /// |---|---|---|---|---|---|
    /// | deliveries in it, at most | 5 | 10 | 20 | … | 2,560 |
    static func ramp(elapsed: Duration) -> RateLimit {
        let second = min(max(0, Int(elapsed.inSeconds)), Int(rampLength.inSeconds))
        guard let limit = RateLimit(rampStart << second, per: .second) else { preconditionFailure("a ramp ends below every limit") }
        return limit
    }
}
