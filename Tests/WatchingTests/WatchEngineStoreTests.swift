import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("A watch engine over a store in trouble", .timeLimit(.minutes(5)))
struct WatchEngineStoreTests {
    @Test(
        "keeps an ending in memory until the disk takes it, and gives its places back meanwhile",
        arguments: [StoreError.noSpace, .unavailable("busy")])
    func diskFull(_ error: StoreError) async throws {
        try await withEngine { bench in
            bench.store.fail(7, with: error)
            let id = try await bench.register()
            let call = await bench.transport.nextCall()
            await call.openStream()
            await call.event(#"{"type":"response.completed","response":{"status":"completed","output":"kept"}}"#)
            try await bench.moveClock { bench.store.failuresLeft < 4 }
            let snapshot = await bench.engine.snapshot()
            #expect(snapshot.unwrittenEndings == 1 && snapshot.storeIsFailing && snapshot.heldBytes > 0)
            #expect(bench.intake.isBalanced)
            try await bench.moveClock { bench.intake.acceptedCount >= 1 }
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(try await bench.store.response(of: id) == Array(#"{"status":"completed","output":"kept"}"#.utf8))
            try await bench.moveClock { await bench.engine.snapshot().unwrittenEndings == 0 }
            let after = await bench.engine.snapshot()
            #expect(!after.storeIsFailing && after.heldBytes == 0)
            #expect(bench.intake.isBalanced)
        }
    }

    @Test("pauses streams while more is held for the disk than allowed, and lets them go on")
    func heldBytes() async throws {
        var options = WatchEngineOptions()
        options.maximumHeldBytes = 10
        try await withEngine(options: options) { bench in
            bench.store.fail(.max)
            try await bench.register("resp_1")
            let first = await bench.transport.nextCall()
            try await bench.register("resp_2")
            let second = await bench.transport.nextCall()
            await first.openStream()
            await second.openStream()
            await first.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            await second.event(#"{"type":"response.output_text.delta","sequence_number":1}"#)
            #expect(second.isPaused)
            bench.store.fail(0)
            try await bench.moveClock { !second.isPaused }
            await second.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            for _ in 1...2 { _ = try await bench.intake.next() }
        }
    }

    @Test("tries once more at shutdown, and leaves to the next process what the disk does not take", arguments: [1, 100])
    func shutdown(_ failures: Int) async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            let id = WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1"))
            try await withEngine(on: store, time: time) { bench in
                bench.store.fail(failures)
                try await bench.register()
                let call = await bench.transport.nextCall()
                await call.openStream()
                await call.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
                while bench.store.failuresLeft == failures {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(try await store.watch(id)?.status.isOpen == (failures > 1))
            if failures > 1 {
                try await withEngine(on: store, node: "node-2", time: time) { bench in
                    await bench.transport.nextCall().respond("completed")
                    let job = try await bench.intake.next()
                    #expect(job.event.type == .responseCompleted)
                }
            }
            await store.close()
        }
    }

    @Test("gives places back that no delivery was born with")
    func balance() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let call = await bench.transport.nextCall()
            // The watch ends for the store while its end is on its way: nothing is written, and nobody keeps a place.
            bench.store.fail(1)
            await call.openStream()
            await call.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            _ = try await bench.store.stopWatch(id, now: bench.time.wallNow)
            try await bench.moveClock { await bench.engine.snapshot().unwrittenEndings == 0 }
            #expect(try await bench.watch(id)?.status == .stopped)
            #expect(bench.intake.acceptedCount == 0 && bench.intake.isBalanced)
        }
    }
}
