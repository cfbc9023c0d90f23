import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("gives cancelled watches out for a second look")
    struct SecondLooks {
        private func cancelled(_ scene: Scene, _ response: String = "resp_1") async throws -> ClaimedWatch {
            let claimed = try await scene.claimed(scene.request(response))
            let ending = scene.ending(claimed, as: .cancelled, lookAgainAt: scene.now + .seconds(50))
            _ = try #require(try await scene.store.end(ending))
            return claimed
        }

        private func claim(_ scene: Scene, by node: NodeID? = nil, limit: Int = 10) async throws -> [ClaimedWatch] {
            try await scene.store.claimWatches(for: node ?? scene.node, now: scene.now, limit: limit)
        }

        @Test("when they are due, to one node, after the open ones", arguments: StoreUnderTest.available)
        func due(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = try await cancelled(scene)
                scene.advance(by: .milliseconds(49_999))
                #expect(try await claim(scene).isEmpty)
                scene.advance(by: .milliseconds(1))
                _ = try await scene.store.register(scene.request("resp_2"), now: scene.now)
                try await scene.store.heartbeat(scene.node, now: scene.now, until: scene.now + .seconds(60))
                #expect(try await claim(scene, limit: 1).map(\.watch.response.rawValue) == ["resp_2"])
                let again = try #require(try await claim(scene).first)
                #expect(again.watch.id == first.watch.id)
                #expect(again.watch.status == .cancelled)
                #expect(again.lease.epoch == first.lease.epoch + 1)
                #expect(try await claim(scene).isEmpty)
                #expect(try await claim(scene, by: scene.otherNode).isEmpty)
                #expect(try await scene.store.openWatchCount() == 1)
            }
        }

        @Test("no more once the look is closed, or found them completed", arguments: StoreUnderTest.available)
        func closed(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = try await cancelled(scene)
                _ = try await cancelled(scene, "resp_2")
                scene.advance(by: .seconds(50))
                let looks = try await claim(scene)
                #expect(looks.count == 2)
                try await scene.store.closeSecondLooks([(id: first.watch.id, lease: first.lease)])
                let look = try #require(looks.first { $0.watch.id == first.watch.id })
                try await scene.store.closeSecondLooks([(id: look.watch.id, lease: look.lease)])
                let other = try #require(looks.first { $0.watch.id != first.watch.id })
                #expect(try await scene.store.end(scene.ending(other, as: .completed)) != nil)
                scene.advance(by: .seconds(3600))
                #expect(try await claim(scene, by: scene.otherNode).isEmpty)
                #expect(try await scene.store.watch(look.watch.id)?.status == .cancelled)
                #expect(try await scene.store.watch(other.watch.id)?.status == .completed)
            }
        }

        @Test("again when they are released, or their node is silent", arguments: StoreUnderTest.available)
        func takenOver(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = try await cancelled(scene)
                scene.advance(by: .seconds(50))
                let look = try #require(try await claim(scene).first)
                try await scene.store.releaseWatches([(id: first.watch.id, lease: first.lease)])
                #expect(try await claim(scene, by: scene.otherNode).isEmpty, "an old lease gives nothing back")
                try await scene.store.releaseWatches([(id: look.watch.id, lease: look.lease)])
                #expect(try await claim(scene).first?.lease.epoch == look.lease.epoch + 1)
                scene.advance(by: .seconds(10))
                let taken = try #require(try await claim(scene, by: scene.otherNode).first)
                #expect(taken.lease == Lease(node: scene.otherNode, epoch: look.lease.epoch + 2))
                try await scene.store.closeSecondLooks([(id: look.watch.id, lease: look.lease)])
                #expect(try await scene.store.end(scene.ending(look, as: .completed)) != nil, "whoever finds the completion may say so")
            }
        }
    }
}
