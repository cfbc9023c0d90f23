import RingbackCore
import Store
import Testing

extension EveryStore {
    @Test("tells every change of a watch, an event and a delivery, in the order of the commits", arguments: StoreUnderTest.available)
    func changesInOrder(_ kind: StoreUnderTest) async throws {
        try await kind.withScene { scene async throws in
            let start = scene.store.latestChange
            let claimed = try await scene.claimed(scene.request())
            #expect(try await scene.told(after: start) == ["watch queued"], "a lease alone is no change")

            let registered = scene.store.latestChange
            _ = try #require(try await scene.store.end(scene.ending(claimed, recipients: [scene.recipient()])))
            #expect(try await scene.told(after: registered) == ["watch completed", "event response.completed", "delivery pending"])

            let ended = scene.store.latestChange
            let job = try #require(try await scene.claim().first)
            #expect(try await scene.told(after: ended) == ["delivery delivering"])
            let leased = scene.store.latestChange
            try await scene.record(job, .dead(.exhausted))
            #expect(try await scene.told(after: leased) == ["delivery dead"])
            let dead = scene.store.latestChange
            _ = try await scene.store.redrive(DeadLetterFilter(), dryRun: false, now: scene.now)
            #expect(try await scene.told(after: dead) == ["delivery pending"])
            // Read late, each comes once, as it is by now.
            #expect(
                try await scene.told(after: start) == ["watch completed", "event response.completed", "delivery pending"])
        }
    }

    @Test("tells no change that was not made", arguments: StoreUnderTest.available)
    func noChange(_ kind: StoreUnderTest) async throws {
        try await kind.withScene { scene async throws in
            let claimed = try await scene.claimed(scene.request())
            let ending = scene.ending(claimed, recipients: [scene.recipient()])
            _ = try await scene.store.end(ending)
            let mark = scene.store.latestChange
            #expect(try await scene.store.end(ending) == nil)
            _ = try await scene.store.register(scene.request(), now: scene.now)
            _ = try await scene.store.retryDelivery(DeliveryID(trusted: "dlv_nobody"), now: scene.now)
            try await scene.store.heartbeat(scene.node, now: scene.now, until: scene.now + .seconds(60))
            #expect(scene.store.latestChange == mark)
        }
    }

    @Test("goes through changes in pieces, without a gap and without a repetition", arguments: StoreUnderTest.available)
    func pieces(_ kind: StoreUnderTest) async throws {
        try await kind.withScene { scene async throws in
            var mark = scene.store.latestChange
            for number in 1...10 { _ = try await scene.store.register(scene.request("resp_\(number)"), now: scene.now) }
            var told: [String] = []
            while let page = try await scene.store.changes(after: mark, limit: 3), page.reached != mark {
                mark = page.reached
                told += page.changes.compactMap { if case .watch(let watch) = $0.object { watch.response.rawValue } else { nil } }
            }
            #expect(told == (1...10).map { "resp_\($0)" })
        }
    }

    @Test("says that it does not know what changed before it was opened", arguments: StoreUnderTest.available)
    func otherJournal(_ kind: StoreUnderTest) async throws {
        try await kind.withScene { scene async throws in
            let other = ChangeMark(journal: "other", number: 0)
            #expect(try await scene.store.changes(after: other, limit: 10) == nil)
            let future = ChangeMark(journal: scene.store.latestChange.journal, number: scene.store.latestChange.number + 1)
            #expect(try await scene.store.changes(after: future, limit: 10) == nil)
        }
    }

    @Test("wakes who waits for changes, and lets them go when it is closed", arguments: StoreUnderTest.available)
    func signals(_ kind: StoreUnderTest) async throws {
        try await kind.withScene { scene async throws in
            var signals = scene.store.changeSignals().makeAsyncIterator()
            _ = try await scene.store.register(scene.request(), now: scene.now)
            #expect(await signals.next() != nil)
            await scene.store.close()
            #expect(await signals.next() == nil)
        }
    }
}

extension Scene {
    /// What changed after a place, in words.
    fileprivate func told(after mark: ChangeMark) async throws -> [String] {
        let page = try #require(try await store.changes(after: mark, limit: 100))
        #expect(page.reached == store.latestChange)
        return page.changes.map { change in
            switch change.object {
            case .watch(let watch): "watch \(watch.status.rawValue)"
            case .event(let event): "event \(event.type.rawValue)"
            case .delivery(let delivery): "delivery \(delivery.status.rawValue)"
            }
        }
    }
}
