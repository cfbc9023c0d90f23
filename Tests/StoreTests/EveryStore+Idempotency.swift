import Foundation
import RingbackCore
import RingbackTesting
import Store
import Testing

extension EveryStore {
    @Suite("remembers idempotency keys")
    struct Idempotency {
        private let done = KeptAnswer(status: 201, headers: [.init(name: "content-type", value: "application/json")], body: [1, 2])

        private func key(_ text: String, caller: String? = "a", target: String = "POST /x") -> IdempotencyKey {
            IdempotencyKey(caller: caller, target: target, text: text)
        }

        @Test("a key is under way, then answered again for a day, then free", arguments: StoreUnderTest.available)
        func life(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let start = scene.now
                func admit(_ digest: [UInt8], after wait: Duration = .zero) async throws -> IdempotencyAdmission {
                    try await scene.store.admit(key("k"), digest: digest, now: start + wait)
                }
                #expect(try await admit([1]) == .proceed)
                #expect(try await admit([1]) == .underWay)
                #expect(try await admit([2]) == .mismatch)
                try await scene.store.finish(key("k"), with: done)
                let almost = IdempotencyKey.lifetime - .milliseconds(1)
                #expect(try await admit([1], after: almost) == .repeated(done))
                #expect(try await admit([2], after: almost) == .mismatch)
                #expect(try await admit([2], after: IdempotencyKey.lifetime) == .proceed)
            }
        }

        @Test("callers and requests do not share keys", arguments: StoreUnderTest.available)
        func separate(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let keys = [
                    key("k"), key("k", caller: "b"), key("k", caller: nil), key("k", caller: "anybody"), key("k", target: "POST /y"),
                    key("xk", target: "POST /"), key("", caller: "ak"),
                ]
                for (index, key) in keys.enumerated() {
                    let admission = try await scene.store.admit(key, digest: [UInt8(index)], now: scene.now)
                    #expect(admission == .proceed)
                }
            }
        }

        @Test("a request without an answer frees its key, one with an answer does not", arguments: StoreUnderTest.available)
        func frees(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await scene.store.admit(key("k"), digest: [1], now: scene.now)
                try await scene.store.finish(key("k"), with: nil)
                #expect(try await scene.store.admit(key("k"), digest: [2], now: scene.now) == .proceed)
                try await scene.store.finish(key("k"), with: done)
                // A late word of the first request changes nothing.
                try await scene.store.finish(key("k"), with: nil)
                try await scene.store.finish(key("k"), with: KeptAnswer(status: 500, headers: [], body: []))
                #expect(try await scene.store.admit(key("k"), digest: [2], now: scene.now) == .repeated(done))
            }
        }

        @Test("answers are still known after a restart, what was being worked on is free", arguments: StoreUnderTest.available)
        func restart(_ kind: StoreUnderTest) async throws {
            try await withTemporaryDirectory { directory in
                let time = ManualTime()
                let first = try kind.open(directory, time)
                _ = try await first.admit(key("done"), digest: [1], now: time.wallNow)
                try await first.finish(key("done"), with: done)
                _ = try await first.admit(key("cut off"), digest: [1], now: time.wallNow)
                await first.close()
                let second = try kind.open(directory, time)
                #expect(try await second.admit(key("done"), digest: [1], now: time.wallNow) == .repeated(done))
                #expect(try await second.admit(key("cut off"), digest: [2], now: time.wallNow) == .proceed)
                await second.close()
            }
        }

        @Test("the oldest go when their answers are too large together", arguments: StoreUnderTest.available)
        func bounds(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let large = KeptAnswer(status: 200, headers: [], body: [UInt8](repeating: 255, count: KeptAnswer.maximumBytes))
                let enough = IdempotencyKey.maximumTotalBytes / KeptAnswer.maximumBytes + 1
                for index in 0..<enough {
                    scene.advance(by: .milliseconds(1))
                    _ = try await scene.store.admit(key("\(index)"), digest: [], now: scene.now)
                    try await scene.store.finish(key("\(index)"), with: large)
                }
                #expect(try await scene.store.admit(key("\(enough - 1)"), digest: [], now: scene.now) == .repeated(large))
                #expect(try await scene.store.admit(key("0"), digest: [9], now: scene.now) == .proceed)
            }
        }
    }
}
