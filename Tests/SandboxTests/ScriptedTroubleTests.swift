import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

@Suite("A script's trouble", .timeLimit(.minutes(5)))
struct ScriptedTroubleTests {
    @Test("can be requires_action from some moment to the end")
    func requiresAction() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "requires_action_after": "5s"])
            sandbox.time.advance(by: .seconds(4))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["status"] == "requires_action")
            sandbox.time.advance(by: .seconds(5))
            #expect(try await sandbox.response(id)["status"] == "completed")
        }
    }

    @Test("can be a status nobody has heard of")
    func runningStatus() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "1s", "running_status": "pondering"])
            #expect(try await sandbox.response(id)["status"] == "pondering")
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["status"] == "completed")
        }
    }

    @Test("can be an error before there is an id: a lone event, or a 500")
    func errorBeforeID() async throws {
        try await SandboxUnderTest.lend { sandbox in
            var stream = sandbox.createStreaming(["error_before_id": "true"])
            let events = try await stream.rest()
            #expect(try events.map { try $0.type() } == ["error"])
            #expect(try events.first?.json()["code"] == "server_error")
            #expect(try await sandbox.post("/responses", SandboxUnderTest.body(["error_before_id": "true"])).status == 500)
            #expect(try await sandbox.getJSON("/responses")["data"] == [])
        }
    }

    @Test("can be an error event where response.failed is expected")
    func errorEvent() async throws {
        try await SandboxUnderTest.lend { sandbox in
            var stream = sandbox.createStreaming(["duration": "1s", "outcome": "failed", "error_event": "true"])
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(1))
            let last = try #require(try await (beginning + stream.rest()).last)
            #expect(try last.type() == "error")
            #expect(try last.json()["message"]?.string?.isEmpty == false)
        }
    }

    @Test("can be a cancel that the run does not heed")
    func ignoresCancel() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "ignore_cancel": "true"])
            #expect(try await sandbox.postJSON("/responses/\(id)/cancel")["status"] == "cancelled")
            sandbox.time.advance(by: .seconds(10))
            #expect(try await sandbox.response(id)["status"] == "completed")
        }
    }
}
