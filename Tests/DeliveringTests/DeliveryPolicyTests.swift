import RingbackCore
import Store
import Testing

@testable import Delivering

/// The contract's section 6 as one table: what every answer means for a delivery, its endpoint and its circuit breaker.
@Suite("The policy")
struct DeliveryPolicyTests {
    /// What the receiver sends beside its status.
    struct Wish: Sendable, CustomTestStringConvertible {
        let directive: AttemptReport.Directive?
        let retryAfter: String?

        var testDescription: String { "directive \(directive.map { "\($0)" } ?? "none"), Retry-After \(retryAfter ?? "none")" }

        static let all = [nil, .abortMessage, .disableEndpoint].flatMap { directive in
            [nil, "0", "1", "7200", "31536000", date(after: .seconds(7200)), date(after: .seconds(-60)), "soon"].map {
                Wish(directive: directive, retryAfter: $0)
            }
        }

        /// How long the receiver wants to be left alone, and a day at most; zero when it did not say so properly.
        var wait: Duration {
            switch retryAfter {
            case "7200", Self.date(after: .seconds(7200)): .seconds(7200)
            case "31536000": .seconds(86_400)
            case "1": .seconds(1)
            default: .zero
            }
        }

        private static func date(after wait: Duration) -> String {
            // The test's time is Mon, 21 Sep 2026 14:13:20 GMT.
            wait > .zero ? "Mon, 21 Sep 2026 16:13:20 GMT" : "Mon, 21 Sep 2026 14:12:20 GMT"
        }
    }

    /// Statuses 100 to 599, and none at all for each error without an answer.
    static let statuses: [Int?] = [nil] + (100...599).map { $0 }

    private static let schedule: [Duration] = [.seconds(5), .seconds(30), .seconds(300)]

    private static func report(_ status: Int?, _ wish: Wish, error: AttemptError) -> AttemptReport {
        let answered: AttemptError? = status.flatMap { (200..<300).contains($0) ? nil : (300..<400).contains($0) ? .redirect : .httpStatus }
        return AttemptReport(
            error: status == nil ? error : answered, httpStatus: status,
            retryAfter: wish.retryAfter.flatMap { RetryAfter.parse($0, now: start) }, directive: wish.directive)
    }

    private struct Row {
        let next: AttemptResultRow.Next
        var disabling: DisablingCause?
        var verdict: Breaker.Verdict
        var isCounted = true
    }

    /// Written down apart from the code: the sentences of the contract, in their order.
    private static func expected(_ status: Int?, _ wish: Wish, error: AttemptError, attempt: Int) -> Row {
        let later: AttemptResultRow.Next =
            attempt > schedule.count ? .dead(.exhausted) : .retry(at: start + max(schedule[min(attempt, schedule.count) - 1], wish.wait))
        guard let status else {
            guard !error.isOurOwn else { return Row(next: .retry(at: start + .seconds(1)), verdict: .nothing, isCounted: false) }
            // No answer, no wish; but a destination may report one all the same.
            switch wish.directive {
            case .abortMessage: return Row(next: .dead(.refused), verdict: .nothing)
            case .disableEndpoint: return Row(next: later, disabling: .asked, verdict: .nothing)
            case nil where error == .commandFailed && attempt >= 3: return Row(next: .dead(.rejected), verdict: .failure)
            case nil: return Row(next: later, verdict: error.isTheReceivers ? .failure : .nothing)
            }
        }
        if (200...299).contains(status) {
            return Row(next: .delivered, disabling: wish.directive == .disableEndpoint ? .asked : nil, verdict: .success)
        }
        if status == 410 { return Row(next: .dead(.gone), disabling: .gone, verdict: .nothing) }
        switch wish.directive {
        case .abortMessage: return Row(next: .dead(.refused), verdict: .nothing)
        case .disableEndpoint: return Row(next: later, disabling: .asked, verdict: .nothing)
        case nil: break
        }
        let isPlainRefusal = (400...499).contains(status) && ![408, 425, 429].contains(status)
        if isPlainRefusal, attempt >= 3 { return Row(next: .dead(.rejected), verdict: .failure) }
        return Row(next: later, verdict: .failure)
    }

    @Test("holds for every status with every wish of the receiver, at every attempt", arguments: Wish.all)
    func everyAnswer(wish: Wish) throws {
        for status in Self.statuses {
            for error in status == nil ? AttemptError.allCases : [.httpStatus] {
                for attempt in 1...4 {
                    let report = Self.report(status, wish, error: error)
                    let row = Self.expected(status, wish, error: error, attempt: attempt)
                    var machine = DeliveryMachine(
                        state: .sending, attempts: attempt - 1, attemptsInAll: attempt - 1,
                        policy: RetryPolicy(schedule: Self.schedule, jitter: 0), canBeDisabled: true)
                    let ended = machine.attemptEnded(report, now: start, jitter: 0.5)
                    let decision = try #require(ended)
                    var place: Comment { "\(status.map { "\($0)" } ?? error.rawValue), attempt \(attempt), \(wish.testDescription)" }
                    // No #expect per row: it would cost more than everything else.
                    if decision != .init(row.next, disabling: row.disabling) { Issue.record("\(place): \(decision)") }
                    if machine.attempts != attempt - (row.isCounted ? 0 : 1) { Issue.record("\(place): counted \(machine.attempts)") }
                    let verdict = Breaker.Verdict(AttemptReading(report), report.error)
                    if verdict != row.verdict { Issue.record("\(place): \(verdict)") }
                    if case .retry(let time) = decision.next, time < start + wish.wait, row.isCounted {
                        Issue.record("\(place): earlier than the receiver asked")
                    }
                }
            }
        }
    }

    @Test("disables no callback: what would, ends it", arguments: Wish.all)
    func callbacks(wish: Wish) throws {
        for status in Self.statuses.compactMap({ $0 }) {
            var machine = DeliveryMachine(
                state: .sending, attempts: 0, attemptsInAll: 0, policy: RetryPolicy(schedule: Self.schedule, jitter: 0),
                canBeDisabled: false)
            let ended = machine.attemptEnded(Self.report(status, wish, error: .httpStatus), now: start, jitter: 0.5)
            let decision = try #require(ended)
            #expect(decision.disabling == nil)
            guard !(200...299).contains(status) else { continue }
            if status == 410 {
                #expect(decision.next == .dead(.gone))
            } else if wish.directive != nil {
                #expect(decision.next == .dead(.refused))
            }
        }
    }
}
