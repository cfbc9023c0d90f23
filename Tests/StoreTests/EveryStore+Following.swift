import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("leases watches")
    struct LeasingWatches {
        @Test("gives an open watch to one node only, oldest first", arguments: StoreUnderTest.available)
        func exclusive(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...5 {
                    scene.advance(by: .seconds(1))
                    _ = try await scene.store.register(scene.request("resp_\(number)"), now: scene.now)
                }
                let until = scene.now + .seconds(30)
                for node in [scene.node, scene.otherNode] { try await scene.store.heartbeat(node, now: scene.now, until: until) }
                let first = try await scene.store.claimWatches(for: scene.node, now: scene.now, limit: 2)
                #expect(first.map(\.watch.response.rawValue) == ["resp_1", "resp_2"])
                let second = try await scene.store.claimWatches(for: scene.otherNode, now: scene.now, limit: 10)
                #expect(second.map(\.watch.response.rawValue) == ["resp_3", "resp_4", "resp_5"])
                #expect(try await scene.store.claimWatches(for: scene.node, now: scene.now, limit: 10).isEmpty)
            }
        }

        @Test("never gives a watch to two of many nodes that claim at once", arguments: StoreUnderTest.available)
        func race(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...40 { _ = try await scene.store.register(scene.request("resp_\(number)"), now: scene.now) }
                let claimed = try await withThrowingTaskGroup(of: [WatchID].self) { group in
                    for number in 1...8 {
                        group.addTask {
                            let node = NodeID("node-\(number)")
                            try await scene.store.heartbeat(node, now: scene.now, until: scene.now + .seconds(30))
                            return try await scene.store.claimWatches(for: node, now: scene.now, limit: 10).map(\.watch.id)
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(claimed.count == 40)
                #expect(Set(claimed).count == 40)
            }
        }

        @Test("gives a silent node's watches to another one, and lets the old holder change nothing", arguments: StoreUnderTest.available)
        func takeover(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let old = try await scene.claimed(scene.request())
                scene.advance(by: .milliseconds(59_999))
                #expect(try await scene.store.claimWatches(for: scene.otherNode, now: scene.now, limit: 10).isEmpty)
                scene.advance(by: .milliseconds(1))
                let new = try #require(try await scene.store.claimWatches(for: scene.otherNode, now: scene.now, limit: 10).first)
                #expect(new.lease == Lease(node: scene.otherNode, epoch: old.lease.epoch + 1))

                try await scene.store.saveProgress([WatchProgress(id: old.watch.id, lease: old.lease, status: .inProgress)], now: scene.now)
                try await scene.store.releaseWatches([(id: old.watch.id, lease: old.lease)])
                let notice = WatchNotice(id: old.watch.id, lease: old.lease, event: scene.event(old.watch, .watchStalled), recipients: [])
                #expect(try await scene.store.record(notice) == nil)
                #expect(try await scene.store.end(scene.ending(old)) == nil)
                #expect(try await scene.store.watch(old.watch.id)?.status == .queued)
                #expect(try await scene.store.end(scene.ending(new)) != nil)
            }
        }

        @Test("keeps the watches of a node that renews its heartbeat", arguments: StoreUnderTest.available)
        func renewal(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await scene.claimed(scene.request())
                scene.advance(by: .seconds(50))
                try await scene.store.heartbeat(scene.node, now: scene.now, until: scene.now + .seconds(60))
                scene.advance(by: .seconds(50))
                #expect(try await scene.store.claimWatches(for: scene.otherNode, now: scene.now, limit: 10).isEmpty)
            }
        }

        @Test("never gives a node what it holds already, though its heartbeat is late", arguments: StoreUnderTest.available)
        func ownWatches(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                scene.advance(by: .seconds(600))
                #expect(try await scene.store.claimWatches(for: scene.node, now: scene.now, limit: 10).isEmpty)
                #expect(try await scene.store.end(scene.ending(claimed)) != nil)
            }
        }

        @Test("gives a released watch out again under the next epoch", arguments: StoreUnderTest.available)
        func release(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                try await scene.store.releaseWatches([(id: claimed.watch.id, lease: claimed.lease)])
                let again = try #require(try await scene.store.claimWatches(for: scene.node, now: scene.now, limit: 10).first)
                #expect(again.lease.epoch == claimed.lease.epoch + 1)
                #expect(try await scene.store.end(scene.ending(claimed)) == nil)
            }
        }

        @Test("writes back progress, leaving out what did not change", arguments: StoreUnderTest.available)
        func progress(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                let id = claimed.watch.id
                scene.advance(by: .seconds(1))
                try await scene.store.saveProgress(
                    [
                        WatchProgress(
                            id: id, lease: claimed.lease, status: .inProgress, following: .stream, sequenceNumber: 9, model: "gpt-5",
                            lastError: "reset"
                        )
                    ],
                    now: scene.now
                )
                try await scene.store.saveProgress([WatchProgress(id: id, lease: claimed.lease, sequenceNumber: 11)], now: scene.now)
                let watch = try #require(try await scene.store.watch(id))
                #expect(watch.status == .inProgress)
                #expect(watch.following == .stream)
                #expect(watch.sequenceNumber == 11)
                #expect(watch.model == "gpt-5")
                #expect(watch.lastError == "reset")
                #expect(watch.updatedAt == scene.now)
            }
        }
    }
}
