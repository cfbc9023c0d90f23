import RingbackCore
import Testing

@Suite("The history of an endpoint's attempts")
struct AttemptHistoryTests {
    private let noon = Timestamp(milliseconds: 1_790_000_040_000)

    private func attempt(_ outcome: Attempt.Outcome, milliseconds: Int) -> Attempt {
        Attempt(
            number: 1, startedAt: noon, outcome: outcome, httpStatus: nil, error: nil, detail: nil, retryAfter: nil, responseHeaders: [],
            responseBody: [], timing: AttemptTiming(total: .milliseconds(milliseconds)), address: nil)
    }

    @Test("counts by the minute, and knows the mean time")
    func counts() throws {
        var history = AttemptHistory()
        history.add(attempt(.succeeded, milliseconds: 10), now: noon)
        history.add(attempt(.failed, milliseconds: 30), now: noon + .seconds(59))
        history.add(attempt(.succeeded, milliseconds: 5), now: noon + .seconds(60))
        let hour = history.lastHour(now: noon + .seconds(60))
        #expect(hour.count == 60 && hour.prefix(58).allSatisfy { $0.attempts == 0 && $0.meanTime == nil })
        #expect(hour[58].succeeded == 1 && hour[58].failed == 1 && hour[58].meanTime == .milliseconds(20))
        #expect(hour[59].succeeded == 1 && hour[59].meanTime == .milliseconds(5))
    }

    @Test("forgets what is older than an hour, and survives a clock that jumps")
    func forgets() {
        var history = AttemptHistory()
        history.add(attempt(.succeeded, milliseconds: 1), now: noon)
        #expect(history.lastHour(now: noon + .seconds(3600)).allSatisfy { $0.attempts == 0 })
        history.add(attempt(.succeeded, milliseconds: 1), now: noon - .seconds(120))
        #expect(history.lastHour(now: noon).last?.attempts == 2)
        history.add(attempt(.succeeded, milliseconds: 1), now: noon + .seconds(86_400))
        history.add(attempt(.failed, milliseconds: 1), now: noon)
        #expect(history.lastHour(now: noon).map(\.failed).reduce(0, +) == 1)
    }
}
