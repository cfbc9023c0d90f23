import RingbackCore
import Testing

@testable import Sandbox

@Suite("A sandbox script")
struct ScriptTests {
    @Test("completes after a second unless told otherwise")
    func defaults() throws {
        let script = try Script(metadata: ["team": "search"])
        #expect(script.outcome == .completed)
        #expect(script.duration == .seconds(1))
        #expect(script.refuseStream == nil)
        #expect(script.stall == nil)
    }

    @Test("reads every key")
    func everyKey() throws {
        let script = try Script(metadata: [
            "sandbox.outcome": "incomplete", "sandbox.duration": "3s", "sandbox.delta_interval": "250ms", "sandbox.output_bytes": "1000",
            "sandbox.drop_stream_after": "4", "sandbox.refuse_stream": "json", "sandbox.forget_after": "5m", "sandbox.stall": "2s",
            "sandbox.rate_limit": "2", "sandbox.requires_action_after": "1s", "sandbox.running_status": "pending",
            "sandbox.restart_after": "4s", "sandbox.ignore_cancel": "true", "sandbox.error_before_id": "true",
            "sandbox.error_event": "false", "sandbox.keepalive": "200ms",
        ])
        #expect(script.outcome == .incomplete)
        #expect(script.duration == .seconds(3))
        #expect(script.deltaInterval == .milliseconds(250))
        #expect(script.outputBytes == 1000)
        #expect(script.dropStreamAfter == 4)
        #expect(script.refuseStream == .json)
        #expect(script.forgetAfter == .seconds(300))
        #expect(script.stall == .seconds(2))
        #expect(script.rateLimit == 2)
        #expect(script.requiresActionAfter == .seconds(1))
        #expect(script.runningStatus == "pending")
        #expect(script.restartAfter == .seconds(4))
        #expect(script.ignoresCancel)
        #expect(script.failsBeforeID)
        #expect(!script.endsWithError)
        #expect(script.keepAlive == .milliseconds(200))
        #expect(Script.keys.count == 16, "a new key is read here too")
    }

    @Test(
        "refuses what it does not understand, naming the key",
        arguments: [
            ("sandbox.outcom", "failed"), ("sandbox.outcome", "done"), ("sandbox.duration", "3"), ("sandbox.duration", "48h"),
            ("sandbox.output_bytes", "-1"), ("sandbox.output_bytes", "99999999999"), ("sandbox.refuse_stream", "perhaps"),
            ("sandbox.stall", "soon"), ("sandbox.ignore_cancel", "perhaps"), ("sandbox.restart_after", "later"),
            ("sandbox.rate_limit", "often"),
        ])
    func refuses(key: String, value: String) {
        let error = #expect(throws: InvalidScript.self) { try Script(metadata: [key: value]) }
        #expect(error?.description.contains(key) == true)
    }
}
