import RingbackCore
import Testing
import Watching

@Suite("A watch's pace")
struct WatchPaceTests {
    let pace = MachineBench.pace

    @Test("spreads polls by 20 % to both sides", arguments: [(0.0, 1600), (0.5, 2000), (1.0, 2400)])
    func spread(_ dice: Double, _ milliseconds: Int64) {
        #expect(pace.pollDelay(afterPolls: 0, hint: nil, dice: dice).wholeMilliseconds == milliseconds)
    }

    @Test("heeds a poll hint within bounds, spread only towards later")
    func hints() {
        #expect(pace.pollDelay(afterPolls: 5, hint: .milliseconds(400), dice: 0) == .milliseconds(400))
        #expect(pace.pollDelay(afterPolls: 5, hint: .milliseconds(400), dice: 1) == .milliseconds(480))
        #expect(pace.pollDelay(afterPolls: 5, hint: .zero, dice: 0) == WatchPace.shortestHeededDelay)
        #expect(pace.pollDelay(afterPolls: 5, hint: .seconds(1_000_000), dice: 0) == WatchPace.longestHeededDelay)
    }

    @Test("keeps a maximum interval that is not below the interval")
    func oddSettings() {
        let odd = WatchPace(
            pollInterval: .seconds(10), pollMaximumInterval: .seconds(1), stalledAfter: .seconds(1), confirmInterval: .seconds(1))
        #expect(odd.pollDelay(afterPolls: 9, hint: nil, dice: 0.5) == .seconds(10))
    }

    @Test("never waits less than Retry-After says")
    func retryAfter() {
        #expect(WatchPace.failureDelay(afterFailures: 1, retryAfter: .seconds(5), dice: 0) == .seconds(5))
        #expect(WatchPace.failureDelay(afterFailures: 9, retryAfter: .seconds(5), dice: 0) == .seconds(48))
    }
}
