import RingbackCore
import RingbackTesting
import Store
import Testing

extension EveryStore {
    @Suite("remembers what was made in other systems")
    struct Sinks {
        @Test("for each response and endpoint, the newest in the place of what was there", arguments: StoreUnderTest.available)
        func keeps(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let watch = scene.request()
                _ = try await scene.store.register(watch, now: scene.now)
                let event = EventID(upstream: scene.upstream, response: watch.response, type: .responseFailed)
                var record = SinkRecord(
                    endpoint: scene.endpoint, watch: watch.id, event: event, steps: ["create"], captured: ["ts": "1.2", "channel": "C1"])
                #expect(try await scene.store.sinkRecord(of: watch.id, at: scene.endpoint) == nil)
                try await scene.store.keep(record, now: scene.now)
                #expect(try await scene.store.sinkRecord(of: watch.id, at: scene.endpoint) == record)
                record.steps = []
                record.captured = [:]
                try await scene.store.keep(record, now: scene.now)
                #expect(try await scene.store.sinkRecord(of: watch.id, at: scene.endpoint) == record)
                #expect(try await scene.store.sinkRecord(of: watch.id, at: EndpointName(trusted: "other")) == nil)
            }
        }

        @Test("but nothing of a watch it does not know", arguments: StoreUnderTest.available)
        func unknown(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let watch = scene.request()
                let event = EventID(upstream: scene.upstream, response: watch.response, type: .responseFailed)
                try await scene.store.keep(
                    SinkRecord(endpoint: scene.endpoint, watch: watch.id, event: event, steps: [], captured: [:]), now: scene.now)
                #expect(try await scene.store.sinkRecord(of: watch.id, at: scene.endpoint) == nil)
            }
        }
    }
}
