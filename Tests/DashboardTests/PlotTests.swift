import Control
import RingbackCore
import Testing

@testable import Dashboard

@Suite("A plot")
struct PlotTests {
    private let noon = Timestamp(milliseconds: 1_790_000_040_000)

    private func history(_ outcomes: [Attempt.Outcome]) -> [AttemptHistory.Minute] {
        var history = AttemptHistory()
        for outcome in outcomes {
            history.add(
                Attempt(
                    number: 1, startedAt: noon, outcome: outcome, httpStatus: nil, error: nil, detail: nil, retryAfter: nil,
                    responseHeaders: [], responseBody: [], timing: AttemptTiming(total: .milliseconds(20)), address: nil), now: noon)
        }
        return history.lastHour(now: noon)
    }

    @Test("says in words what it shows")
    func words() {
        #expect(
            Plot.summary(history([.succeeded, .succeeded, .failed, .succeeded]))
                == "4 attempts in the last hour, 75 % succeeded, 20 ms on average")
        #expect(Plot.summary(history([.failed])) == "1 attempt in the last hour, 0 % succeeded, 20 ms on average")
        #expect(Plot.summary(history([])) == "no attempts in the last hour")
        #expect(Plot.attempts(history([.succeeded])).text.contains(#"role="img" aria-label="1 attempt in the last hour"#))
    }

    @Test("shows a single failure among many successes")
    func rareFailure() {
        let plot = Plot.attempts(history([.failed] + Array(repeating: .succeeded, count: 10_000))).text
        #expect(plot.contains(#"<rect class="bad""#) && plot.contains(#"<rect class="good""#))
    }

    @Test("cuts an attempt into its phases, which fill its time")
    func phases() {
        let timing = AttemptObject.Timing(
            AttemptTiming(
                dns: .milliseconds(10), connect: .milliseconds(20), tls: .milliseconds(30), firstByte: .milliseconds(90),
                total: .milliseconds(100)))
        let plot = Plot.phases(timing).text
        for words in ["name 10 ms", "connect 20 ms", "TLS 30 ms", "waiting 30 ms", "answer 10 ms", "in all 100 ms"] {
            #expect(plot.contains(words), "\(words)")
        }
        #expect(Plot.phases(AttemptObject.Timing(AttemptTiming())).text.isEmpty)
    }
}
