import Delivering
import RingbackCore
import Store
import Testing

/// The start of every test's time.
let start = Timestamp(milliseconds: 1_790_000_000_000)

@Suite("The life of a delivery")
struct DeliveryMachineTests {
    /// No jitter: waits are exact.
    static let policy = RetryPolicy(schedule: [.seconds(5), .seconds(30), .seconds(300)], jitter: 0)

    static func machine(
        _ state: DeliveryMachine.State = .sending, attempts: Int = 0, attemptsInAll: Int? = nil, policy: RetryPolicy = policy,
        canBeDisabled: Bool = true
    ) -> DeliveryMachine {
        DeliveryMachine(
            state: state, attempts: attempts, attemptsInAll: attemptsInAll ?? attempts, policy: policy, canBeDisabled: canBeDisabled)
    }

    /// What a webhook destination reports for an answer.
    static func answer(_ status: Int, retryAfter: Duration? = nil, directive: AttemptReport.Directive? = nil) -> AttemptReport {
        let error: AttemptError? =
            switch status {
            case 200..<300: nil
            case 300..<400: .redirect
            default: .httpStatus
            }
        return AttemptReport(error: error, httpStatus: status, retryAfter: retryAfter, directive: directive)
    }

    @Test("goes on after a first attempt as each status from 100 to 599 asks", arguments: 100...599)
    func firstAnswer(status: Int) {
        var machine = Self.machine()
        let decision = machine.attemptEnded(Self.answer(status), now: start, jitter: 0.5)
        switch status {
        case 200...299:
            #expect(decision == .init(.delivered))
            #expect(machine.state == .delivered)
        case 410:
            #expect(decision == .init(.dead(.gone), disabling: .gone))
            #expect(machine.state == .dead(.gone))
        default:
            #expect(decision == .init(.retry(at: start + .seconds(5))))
            #expect(machine.state == .due(at: start + .seconds(5)))
        }
        #expect(machine.attempts == 1 && machine.attemptsInAll == 1)
    }

    @Test("gives up at the third plain 4xx, and only then", arguments: 100...599)
    func thirdAnswer(status: Int) {
        var machine = Self.machine(attempts: 2)
        let decision = machine.attemptEnded(Self.answer(status), now: start, jitter: 0.5)
        switch status {
        case 200...299: #expect(decision == .init(.delivered))
        case 410: #expect(decision == .init(.dead(.gone), disabling: .gone))
        case 408, 425, 429: #expect(decision == .init(.retry(at: start + .seconds(300))))
        case 400...499: #expect(decision == .init(.dead(.rejected)))
        default: #expect(decision == .init(.retry(at: start + .seconds(300))))
        }
    }

    @Test("is dead when the schedule is used up, whatever failed", arguments: [301, 408, 425, 429, 500, 503, 599])
    func exhausted(status: Int) {
        var machine = Self.machine(attempts: 3)
        let decision = machine.attemptEnded(Self.answer(status), now: start, jitter: 0.5)
        #expect(decision == .init(.dead(.exhausted)))
        #expect(machine.state == .dead(.exhausted) && machine.attempts == 4)
    }

    @Test("retries every failure without an answer along the schedule, except Ringback's own", arguments: AttemptError.allCases)
    func failure(error: AttemptError) {
        var machine = Self.machine(attempts: 2)
        let decision = machine.attemptEnded(AttemptReport(error: error), now: start, jitter: 0.5)
        switch error {
        case .commandFailed:
            #expect(decision == .init(.dead(.rejected)), "a command that fails is tried three times")
            #expect(machine.attempts == 3)
        case .internalTrouble, .inboxFull, .proxy, .resolver:
            #expect(decision == .init(.retry(at: start + .seconds(1))))
            #expect(machine.attempts == 2, "our own trouble does not count")
        case .httpStatus, .redirect, .handshakeRefused, .authorization, .nameNotFound, .connectionRefused, .connectTimeout, .timeout,
            .connectionLost, .tls,
            .protocolViolation, .answerTooLarge, .addressRefused, .noSpace, .directoryMissing, .permission, .fileSystem, .commandDeferred,
            .commandKilled, .commandNotStarted, .systemRefused, .unrenderable:
            #expect(decision == .init(.retry(at: start + .seconds(300))))
            #expect(machine.attempts == 3)
        }
        #expect(machine.attemptsInAll == 3)
    }

    @Test(
        "follows the verdict of a destination that read more than the status",
        arguments: [
            (AttemptReport.Verdict.delivered, 410, AttemptResultRow.Next.delivered), (.rejected, 200, .dead(.rejected)),
            (.ambiguous, 502, .dead(.ambiguous)), (.unrenderable, 200, .dead(.unrenderable)),
        ])
    func verdict(verdict: AttemptReport.Verdict, status: Int, next: AttemptResultRow.Next) {
        var machine = Self.machine(attempts: 0)
        let report = AttemptReport(error: verdict == .delivered ? nil : .systemRefused, httpStatus: status, verdict: verdict)
        #expect(machine.attemptEnded(report, now: start, jitter: 0.5) == .init(next))
    }

    @Test("waits for somebody to mend the endpoint when its system wants no more of it, and disables it for the reason given")
    func disabledByVerdict() {
        var machine = Self.machine(attempts: 2)
        let report = AttemptReport(error: .httpStatus, httpStatus: 401, verdict: .disable("the token is no longer good"))
        let decision = machine.attemptEnded(report, now: start, jitter: 0.5)
        #expect(decision == .init(.retry(at: start + .seconds(300)), disabling: .judged("the token is no longer good")))
    }

    @Test("does not take the status of an answer that broke off for the receiver's word", arguments: [200, 400, 410])
    func brokenAnswer(status: Int) {
        var machine = Self.machine(attempts: 2)
        let decision = machine.attemptEnded(AttemptReport(error: .connectionLost, httpStatus: status), now: start, jitter: 0.5)
        #expect(decision == .init(.retry(at: start + .seconds(300))))
    }

    @Test("is delivered without any HTTP when the destination reports no error")
    func file() {
        var machine = Self.machine()
        let decision = machine.attemptEnded(AttemptReport(), now: start, jitter: 0.5)
        #expect(decision == .init(.delivered))
    }

    @Test(
        "comes later for a Retry-After, never earlier, and after 24 hours at the latest",
        arguments: [
            (Duration.seconds(1), Duration.seconds(5)), (.seconds(5), .seconds(5)), (.seconds(6), .seconds(6)),
            (.seconds(3600), .seconds(3600)), (.seconds(86_400), .seconds(86_400)), (.seconds(86_401), .seconds(86_400)),
            (.seconds(31_536_000), .seconds(86_400)),
        ])
    func retryAfter(wish: Duration, wait: Duration) {
        for status in [301, 404, 408, 425, 429, 500, 503] {
            var machine = Self.machine()
            let decision = machine.attemptEnded(Self.answer(status, retryAfter: wish), now: start, jitter: 0.5)
            #expect(decision == .init(.retry(at: start + wait)), "status \(status)")
        }
    }

    @Test("obeys `webhook-delivery: abort-message` on every failure")
    func abort() {
        for status in [302, 400, 404, 408, 425, 429, 500, 503] {
            var machine = Self.machine()
            let decision = machine.attemptEnded(Self.answer(status, directive: .abortMessage), now: start, jitter: 0.5)
            #expect(decision == .init(.dead(.refused)))
        }
        var delivered = Self.machine()
        let decision = delivered.attemptEnded(Self.answer(204, directive: .abortMessage), now: start, jitter: 0.5)
        #expect(decision == .init(.delivered))
    }

    @Test("waits for the endpoint to be enabled again after `webhook-delivery: disable`")
    func disable() {
        for status in [302, 400, 404, 429, 500] {
            var machine = Self.machine(attempts: 2)
            let decision = machine.attemptEnded(Self.answer(status, directive: .disableEndpoint), now: start, jitter: 0.5)
            #expect(decision == .init(.retry(at: start + .seconds(300)), disabling: .asked), "status \(status)")
        }
        var delivered = Self.machine()
        let decision = delivered.attemptEnded(Self.answer(200, directive: .disableEndpoint), now: start, jitter: 0.5)
        #expect(decision == .init(.delivered, disabling: .asked))
    }

    @Test("of a callback ends where an endpoint would be disabled")
    func callback() {
        for directive in [AttemptReport.Directive.abortMessage, .disableEndpoint] {
            var machine = Self.machine(canBeDisabled: false)
            let decision = machine.attemptEnded(Self.answer(500, directive: directive), now: start, jitter: 0.5)
            #expect(decision == .init(.dead(.refused)))
        }
        var gone = Self.machine(canBeDisabled: false)
        let decision = gone.attemptEnded(Self.answer(410, directive: .disableEndpoint), now: start, jitter: 0.5)
        #expect(decision == .init(.dead(.gone)))
    }

    @Test("waits 1, 2, 4, 8, 16, 30, 30 … seconds for our own trouble, for as long as it lasts")
    func ownTrouble() {
        var machine = Self.machine()
        var waits: [Duration] = []
        var now = start
        for _ in 0..<100 {
            let decision = machine.attemptEnded(AttemptReport(error: .internalTrouble, retryAfter: .seconds(7200)), now: now, jitter: 0.5)
            guard case .retry(let time) = decision?.next else { break }
            waits.append(time - now)
            now = time
            let number = machine.begin(now: now)
            #expect(number == waits.count + 1)
        }
        #expect(waits == [1, 2, 4, 8, 16].map { .seconds($0) } + Array(repeating: .seconds(30), count: 95))
        #expect(machine.attempts == 0 && machine.attemptsInAll == 100)
    }

    @Test("moves from no state by an event that does not belong there")
    func everyEventInEveryState() {
        let states: [DeliveryMachine.State] =
            [.due(at: start), .due(at: start + .seconds(1)), .sending, .delivered] + DeadReason.allCases.map { .dead($0) }
        for state in states {
            for attempts in 0...4 {
                var begun = Self.machine(state, attempts: attempts)
                var released = begun
                var buried = begun
                let number = begun.begin(now: start)
                #expect(number == (state == .due(at: start) ? attempts + 1 : nil))
                #expect(begun.state == (state == .due(at: start) ? .sending : state))
                let isReleased = released.release(now: start)
                #expect(isReleased == (state == .sending))
                #expect(released.state == (state == .sending ? .due(at: start) : state))
                #expect(released.attemptsInAll == attempts, "what was not sent is no attempt")
                let canDie = state == .sending || state == .due(at: start) || state == .due(at: start + .seconds(1))
                let burial = buried.bury(.endpointRemoved)
                #expect(burial == (canDie ? .init(.dead(.endpointRemoved)) : nil))
                #expect(buried.state == (canDie ? .dead(.endpointRemoved) : state))
                for report in (100...599).map({ Self.answer($0) }) + AttemptError.allCases.map({ AttemptReport(error: $0) }) {
                    var ended = Self.machine(state, attempts: attempts)
                    let decision = ended.attemptEnded(report, now: start, jitter: 0.5)
                    #expect((decision != nil) == (state == .sending))
                    guard let decision else {
                        #expect(ended == Self.machine(state, attempts: attempts), "a late word changes nothing")
                        continue
                    }
                    switch decision.next {
                    case .delivered: #expect(ended.state == .delivered)
                    case .retry(let time): #expect(ended.state == .due(at: time) && time > start)
                    case .dead(let reason): #expect(ended.state == .dead(reason))
                    }
                }
            }
        }
    }

    @Test("ends, keeps to its schedule and never comes before a Retry-After, however the receiver behaves", arguments: 0..<300)
    func randomLife(_ index: Int) throws {
        let seed = UInt64(index) &* 0x9E37_79B9 &+ 17
        var chance = SeededGenerator(seed: seed)
        let schedule = (0..<Int.random(in: 0...12, using: &chance)).map { _ in
            Duration.milliseconds(Int.random(in: 1...86_400_000, using: &chance))
        }
        let policy = RetryPolicy(schedule: schedule, jitter: Double.random(in: 0...1, using: &chance))
        var machine = Self.machine(.due(at: start), policy: policy)
        var now = start
        var ownTroubles = 0
        var sending: Duration = .zero
        while case .due(let time) = machine.state {
            #expect(time >= now, "seed \(seed)")
            now = max(now, time)
            let before = machine
            let begun = machine.begin(now: now)
            let number = try #require(begun, "seed \(seed)")
            #expect(number == before.attemptsInAll + 1, "seed \(seed)")
            let attempt = Duration.milliseconds(Int.random(in: 0...20_000, using: &chance))
            sending += attempt
            now = now + attempt
            let report = Self.randomReport(&chance, allowsOwnTrouble: ownTroubles < 20)
            ownTroubles += report.error == .internalTrouble ? 1 : 0
            let ended = machine.attemptEnded(report, now: now, jitter: Double.random(in: 0..<1, using: &chance))
            let decision = try #require(ended, "seed \(seed)")
            guard case .retry(let next) = decision.next else { continue }
            guard report.error != .internalTrouble else {
                #expect(next - now >= .seconds(1) && next - now <= .seconds(30), "seed \(seed)")
                #expect(machine.attempts == before.attempts, "seed \(seed)")
                continue
            }
            let wish = min(report.retryAfter ?? .zero, RetryPolicy.maximumRetryAfter)
            let scheduled = schedule[before.attempts]
            let slack = Duration.milliseconds(1)
            #expect(next - now >= wish, "seed \(seed)")
            #expect(next - now + slack >= scheduled * (1 - policy.jitter), "seed \(seed)")
            #expect(next - now <= max(scheduled * (1 + policy.jitter), wish) + slack, "seed \(seed)")
        }
        #expect(machine.attempts <= schedule.count + 1, "seed \(seed)")
        #expect(machine.attemptsInAll == machine.attempts + ownTroubles, "seed \(seed)")
        let longest = schedule.reduce(Duration.zero) { $0 + max($1 * 2, RetryPolicy.maximumRetryAfter) }
        #expect(now - start <= longest + sending + .seconds(30) * ownTroubles, "seed \(seed)")
    }

    private static func randomReport(_ chance: inout SeededGenerator, allowsOwnTrouble: Bool) -> AttemptReport {
        let retryAfter: Duration? = Bool.random(using: &chance) ? .seconds(Int.random(in: 0...200_000, using: &chance)) : nil
        switch Int.random(in: 0..<20, using: &chance) {
        case 0: return answer(204)
        case 1...3 where allowsOwnTrouble: return AttemptReport(error: .internalTrouble, retryAfter: retryAfter)
        case 4...6: return answer(Int.random(in: 400...499, using: &chance), retryAfter: retryAfter)
        case 7: return answer(500, retryAfter: retryAfter, directive: .disableEndpoint)
        case 8...10: return AttemptReport(error: .timeout)
        default: return answer(Int.random(in: 500...599, using: &chance), retryAfter: retryAfter)
        }
    }
}
