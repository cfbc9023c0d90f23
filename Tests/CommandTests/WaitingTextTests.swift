import Control
import RingbackCore
import Testing

@testable import ringback

@Suite("The line of a wait")
struct WaitingTextTests {
    private func watch(
        _ status: WatchStatus, _ following: Watch.Following = .stream, number: Int64? = nil, usage: String? = nil
    ) -> WatchObject {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let (upstream, response) = (UpstreamName(trusted: "default"), ResponseID(trusted: "resp_1"))
        return WatchObject(
            Watch(
                id: WatchID(upstream: upstream, response: response), upstream: upstream, response: response, status: status,
                following: following, sequenceNumber: number, createdAt: now, updatedAt: now, terminalAt: nil, endpoints: [],
                callback: nil, metadata: [:], headers: [], maximumAge: nil, model: nil, usage: usage.map { Array($0.utf8) },
                lastError: nil, stalled: false))
    }

    @Test("tells the status, the time, and how far the stream is")
    func running() {
        #expect(WaitingText.line(of: watch(.queued, .none), elapsed: .milliseconds(900)) == "resp_1  queued  0s")
        #expect(
            WaitingText.line(of: watch(.inProgress, number: 345), elapsed: .seconds(65)) == "resp_1  in_progress  1:05  event 345")
        #expect(WaitingText.line(of: watch(.inProgress, .poll), elapsed: .seconds(7)) == "resp_1  in_progress  7s  polled")
    }

    @Test(
        "tells the tokens, by either of their names",
        arguments: [
            (#"{"output_tokens": 1200, "total_tokens": 1}"#, "  1200 output tokens"), (#"{"completion_tokens": 1}"#, "  1 output token"),
            (#"{"output_tokens": "many"}"#, ""), ("[]", ""),
        ])
    func tokens(_ usage: String, _ words: String) {
        #expect(
            WaitingText.line(of: watch(.completed, .none, number: 9, usage: usage), elapsed: .seconds(3))
                == "resp_1  completed  3s  event 9"
                + words)
    }

    @Test(
        "shows time as a clock does",
        arguments: [(-1, "0s"), (0, "0s"), (59, "59s"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (90_061, "25:01:01")])
    func clock(_ seconds: Int, _ text: String) {
        #expect(Duration.seconds(seconds).clockText == text)
    }
}
