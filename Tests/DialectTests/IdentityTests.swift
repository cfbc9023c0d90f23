import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("Which response an answer is about", .timeLimit(.minutes(5)))
struct IdentityTests {
    @Test("Row 21: the requested id is the key, whatever id the bodies show")
    func row21() async throws {
        try await withEngine { bench in
            let id = try await bench.register("resp_requested")
            let stream = await bench.transport.nextCall()
            #expect(stream.path == "/v1/responses/resp_requested")
            await stream.stream(frame(#"{"type":"response.created","response":{"id":"resp_bGl0ZWxsbTox","status":"queued"}}"#))
            // LiteLLM encrypts the id anew each time: an end under another id is asked about.
            await stream.send(frame(#"{"type":"response.completed","response":{"id":"resp_bGl0ZWxsbToy","status":"completed"}}"#))
            let get = await bench.transport.nextCall()
            #expect(get.path == "/v1/responses/resp_requested")
            let object = #"{"id":"resp_bGl0ZWxsbToz","status":"completed","output":[]}"#
            await get.json(200, object)
            let event = try await bench.onlyEvent(of: id)
            #expect(
                event.id
                    == EventID(
                        upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_requested"), type: .responseCompleted))
            #expect(event.data == Array(#"{"id":"resp_requested"}"#.utf8))
            #expect(try await bench.store.response(of: id) == Array(object.utf8), "the object itself stays as it came")
        }
    }

    @Test(
        "Row 22: ids of all shapes are followed as they are",
        arguments: [
            Sample("OpenAI", "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"),
            Sample("MKA1", "resp-8fK2mQx01"),
            Sample("agentserver", "caresp_8f3kd92kf8s7a6d5f4g3h2j1k0l9z8x7c6v5b4n3m2q1w0e9r8"),
            Sample("LiteLLM", "litellm_poll_0b9a8c7d-6e5f-4a3b-2c1d-0e9f8a7b6c5d"),
            Sample("OGX", "resp_f1a3c0de-9a1e-4a0a-8f6e-0d7a3f6b2c11"),
            Sample("vLLM", "resp_0123456789abcdef"),
            Sample("LiteLLM native", "resp_" + String(repeating: "bGl0ZWxsbTpjdXN0b20_-", count: 21) + "Zm9v=="),
        ])
    func row22(_ sample: Sample<String>) async throws {
        let id = try ResponseID(validating: sample.content)
        try await withEngine { bench in
            let watch = try await bench.register(id.rawValue)
            let stream = await bench.transport.nextCall()
            #expect(stream.request.url.contains("/v1/responses/\(sample.content)?stream=true"))
            await stream.stream(frame(#"{"type":"response.completed","response":{"id":"\#(sample.content)","status":"completed"}}"#))
            #expect(try await bench.onlyEvent(of: watch).response == id)
            #expect(bench.transport.startedCount == 1)
        }
    }

    @Test(
        "Row 33: fields that are missing, null or wrong harm nobody",
        arguments: [
            Sample("vLLM", #"{"id":"resp_1","object":"response","model":"m","status":"failed","output":[]}"#),
            Sample("Databricks", #"{"id":"resp_1","status":"failed","attempt_number":2}"#),
            Sample("llama-stack", #"{"id":"resp_1","background":false,"created_at":1790000000,"error":null,"status":"failed"}"#),
            Sample(
                "LiteLLM", #"{"id":"resp_1","object":null,"model":null,"usage":null,"metadata":null,"status":"failed","background":"yes"}"#),
            Sample("nobody yet", #"{"status":"failed","id":7,"model":{},"metadata":[1],"usage":"x","error":true,"incomplete_details":3}"#),
        ])
    func row33(_ sample: Sample<String>) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().json(200, sample.content)
            #expect(try await bench.onlyEvent(of: id).type == .responseFailed)
            #expect(try await bench.store.response(of: id) == Array(sample.content.utf8))
        }
    }

    @Test(
        "Row 34: times are taken as they come, and the response is kept byte for byte",
        arguments: [
            Sample("OpenAI", #"{"id":"resp_1","created_at":1790000000,"completed_at":1790000010,"status":"completed"}"#),
            Sample("MKA1", #"{"id":"resp_1","created_at":1790000000.123456,"completed_at":1790000010.5,"status":"completed"}"#),
            Sample("jan-server", #"{"id":"resp_1","created":"2026-09-21T14:13:20Z","status":"completed"}"#),
            Sample("Databricks", #"{"id":"resp_1","status":"completed"}"#),
            Sample("RFC 3339", #"{"id":"resp_1","created_at":"2026-09-21T14:13:20.5+02:00","status":"completed"}"#),
        ])
    func row34(_ sample: Sample<String>) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().json(200, sample.content)
            _ = try await bench.onlyEvent(of: id)
            #expect(try await bench.store.response(of: id) == Array(sample.content.utf8))
        }
    }
}
