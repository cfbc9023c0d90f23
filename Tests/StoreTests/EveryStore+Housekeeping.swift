import RingbackCore
import RingbackTesting
import Store
import Testing

extension EveryStore {
    @Suite("forgets after retention")
    struct Purging {
        private func purge(
            _ scene: Scene, delivered: Duration = .zero, dead: Duration = .zero, responses: Duration = .zero, watches: Duration = .zero,
            limit: Int = 100
        ) async throws -> Bool {
            try await scene.store.purge(
                deliveredBefore: scene.now - delivered, deadBefore: scene.now - dead, responsesBefore: scene.now - responses,
                watchesBefore: scene.now - watches, limit: limit
            )
        }

        private let long = Duration.seconds(1_000_000)

        @Test("deletes a response before its watch, which then says what became of it", arguments: StoreUnderTest.available)
        func responseFirst(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended(for: [])
                let watch = scene.request().id
                let body = try #require(try await scene.store.response(of: watch))
                scene.advance(by: .seconds(10))
                #expect(try await purge(scene, responses: .seconds(10), watches: long) == false)
                #expect(try await scene.store.response(of: watch) == body, "ten seconds old is not older than ten seconds")
                #expect(try await scene.store.missingResponse(of: watch) == nil)
                #expect(try await purge(scene, responses: .seconds(5), watches: long) == false)
                #expect(try await scene.store.response(of: watch) == nil)
                #expect(try await scene.store.response(of: event.id) == nil)
                #expect(try await scene.store.missingResponse(of: watch) == .expired(size: body.count))
                #expect(try await scene.store.event(event.id) == event)
                #expect(try await scene.store.watch(watch)?.status == .completed)
                #expect(try await purge(scene, responses: .seconds(5), watches: .seconds(5)) == false)
                #expect(try await scene.store.watch(watch) == nil)
            }
        }

        @Test(
            "keeps a response for deliveries that may be tried, and not for those that are delivered", arguments: StoreUnderTest.available)
        func responseInUse(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended("resp_waiting", for: ["a"])
                try await scene.ended("resp_under_way", for: ["b"])
                _ = try await scene.claim("b")
                try await scene.dead("resp_dead")
                try await scene.ended("resp_delivered", for: ["c"])
                try await scene.record(try #require(try await scene.claim("c").first), .delivered)
                scene.advance(by: .seconds(10))
                #expect(try await purge(scene, delivered: long, dead: long, watches: long) == false)
                for response in ["resp_waiting", "resp_under_way", "resp_dead"] {
                    #expect(try await scene.store.response(of: scene.request(response).id) != nil, "\(response)")
                }
                #expect(try await scene.store.response(of: scene.request("resp_delivered").id) == nil)
                #expect(try await scene.store.missingResponse(of: scene.request("resp_delivered").id) != nil)
            }
        }

        @Test("goes on in pieces when only responses are past their time", arguments: StoreUnderTest.available)
        func responsesInPieces(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...5 { try await scene.ended("resp_\(number)", for: []) }
                scene.advance(by: .seconds(1))
                var rounds = 1
                while try await purge(scene, watches: long, limit: 2), rounds < 10 { rounds += 1 }
                #expect(rounds == 3)
                for number in 1...5 { #expect(try await scene.store.response(of: scene.request("resp_\(number)").id) == nil) }
            }
        }

        @Test("deletes a delivered delivery with its attempts, then its watch, event and response", arguments: StoreUnderTest.available)
        func delivered(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended()
                let job = try #require(try await scene.claim().first)
                try await scene.record(job, .delivered)
                scene.advance(by: .seconds(10))

                #expect(try await purge(scene, delivered: .seconds(10), responses: .seconds(10), watches: .seconds(10)) == false)
                #expect(try await scene.store.delivery(job.delivery.id) != nil, "ten seconds old is not older than ten seconds")
                #expect(try await purge(scene, delivered: .seconds(5), responses: .seconds(20), watches: .seconds(20)) == false)
                #expect(try await scene.store.delivery(job.delivery.id) == nil)
                #expect(try await scene.store.attempts(of: job.delivery.id).isEmpty)
                #expect(try await scene.store.event(event.id) == event)
                #expect(try await scene.store.response(of: event.id) != nil)
                #expect(try await purge(scene, responses: .seconds(5)) == false)
                #expect(try await scene.store.event(event.id) == nil)
                #expect(try await scene.store.response(of: event.id) == nil)
                #expect(try await scene.store.watch(scene.request().id) == nil)
            }
        }

        @Test("keeps what a dead letter needs as long as the letter is kept", arguments: StoreUnderTest.available)
        func dead(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let letter = try await scene.dead("resp_1")
                let abandoned = try await scene.dead("resp_2")
                scene.advance(by: .seconds(100))
                _ = try await scene.store.abandonDelivery(abandoned.id, now: scene.now - .seconds(50))
                _ = try await purge(scene, dead: .seconds(75))
                #expect(try await scene.store.delivery(letter.id) == nil)
                #expect(try await scene.store.delivery(abandoned.id) != nil)
                #expect(try await scene.store.watch(scene.request("resp_1").id) == nil)
                #expect(try await scene.store.response(of: scene.request("resp_2").id) != nil)
                _ = try await purge(scene)
                #expect(try await scene.store.response(of: scene.request("resp_2").id) == nil)
            }
        }

        @Test("keeps what is open, waits or is under way, however old", arguments: StoreUnderTest.available)
        func unfinished(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await scene.store.register(scene.request("resp_open"), now: scene.now)
                let waiting = try await scene.ended("resp_waiting", for: ["a"])
                let underWay = try await scene.ended("resp_under_way", for: ["b"])
                _ = try await scene.claim("b")
                scene.advance(by: .seconds(1_000_000))
                #expect(try await purge(scene) == false)
                #expect(try await scene.store.watch(scene.request("resp_open").id) != nil)
                for event in [waiting, underWay] { #expect(try await scene.store.response(of: event.id) != nil) }
                #expect(try await scene.store.deliveries(DeliveryFilter(), page: PageRequest()).elements.count == 2)
            }
        }

        @Test("deletes stopped watches, and events that are about no watch", arguments: StoreUnderTest.available)
        func others(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await scene.store.register(scene.request(), now: scene.now)
                _ = try await scene.store.stopWatch(scene.request().id, now: scene.now)
                let event = scene.bridgeEvent(.ringbackTest, occasion: "1")
                _ = try await scene.store.record(event, recipients: [], now: scene.now)
                scene.advance(by: .seconds(1))
                _ = try await purge(scene)
                #expect(try await scene.store.watch(scene.request().id) == nil)
                #expect(try await scene.store.event(event.id) == nil)
            }
        }

        @Test("goes on in pieces of the given size until nothing is left", arguments: StoreUnderTest.available)
        func pieces(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...5 { try await scene.ended("resp_\(number)") }
                for job in try await scene.claim() { try await scene.record(job, .delivered) }
                scene.advance(by: .seconds(1))
                #expect(try await purge(scene, limit: 2))
                #expect(try await scene.store.deliveries(DeliveryFilter(), page: PageRequest()).elements.count == 3)
                var rounds = 1
                while try await purge(scene, limit: 2), rounds < 10 { rounds += 1 }
                #expect(try await scene.store.watches(WatchFilter(), page: PageRequest()).elements.isEmpty)
                #expect(rounds < 10)
            }
        }

        @Test("registers a forgotten response afresh", arguments: StoreUnderTest.available)
        func afresh(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended(for: [])
                scene.advance(by: .seconds(1))
                _ = try await purge(scene)
                let claimed = try await scene.claimed(scene.request())
                #expect(try await scene.store.end(scene.ending(claimed, recipients: [scene.recipient()])) != nil)
                #expect(try await scene.claim().count == 1)
            }
        }
    }

    @Suite("opens and closes")
    struct Lifetime {
        @Test("keeps everything over a close, and frees the leases of the process before", arguments: StoreUnderTest.available)
        func reopen(_ kind: StoreUnderTest) async throws {
            try await withTemporaryDirectory { directory in
                let time = ManualTime()
                let before = Scene(store: try kind.open(directory, time), time: time)
                let open = try await before.claimed(before.request("resp_open", metadata: ["a": "b"]))
                let event = try await before.ended("resp_ended")
                let job = try #require(try await before.claim().first)
                _ = try await before.store.addEndpoint(.elaborateWebhook, now: before.now)
                try await before.store.setDisabled(before.endpoint, reason: "410", now: before.now)
                await before.store.close()

                let after = Scene(store: try kind.open(directory, time), time: time)
                #expect(try await after.store.watch(open.watch.id) == open.watch)
                #expect(try await after.store.event(event.id) == event)
                #expect(try await after.store.response(of: event.id) != nil)
                #expect(try await after.store.storedEndpoints() == [.elaborateWebhook])
                #expect(try await after.store.disabledEndpoints() == [after.endpoint: "410"])
                let watches = try await after.store.claimWatches(for: after.otherNode, now: after.now, limit: 10)
                #expect(watches.map(\.lease) == [Lease(node: after.otherNode, epoch: open.lease.epoch + 1)])
                let jobs = try await after.claim(by: after.otherNode)
                #expect(jobs.map(\.delivery.id) == [job.delivery.id])
                #expect(jobs.map(\.lease.epoch) == [job.lease.epoch + 1])
                #expect(try await after.record(job, .delivered) == nil)
                await after.store.close()
            }
        }

        @Test("finishes what was handed over before it closes, and refuses what comes later", arguments: StoreUnderTest.available)
        func closing(_ kind: StoreUnderTest) async throws {
            try await withTemporaryDirectory { directory in
                let time = ManualTime()
                let scene = Scene(store: try kind.open(directory, time), time: time)
                let acknowledged = await withTaskGroup(of: WatchID?.self) { group in
                    for number in 1...200 {
                        group.addTask {
                            let request = scene.request("resp_\(number)")
                            do {
                                _ = try await scene.store.register(request, now: scene.now)
                                return request.id
                            } catch {
                                #expect(error as? StoreError == .closed)
                                return nil
                            }
                        }
                    }
                    group.addTask {
                        await scene.store.close()
                        return nil
                    }
                    return await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
                }
                await #expect(throws: StoreError.closed) { _ = try await scene.store.openWatchCount() }
                await #expect(throws: StoreError.closed) { try await scene.store.checkReadiness() }

                let again = try kind.open(directory, time)
                #expect(try await again.openWatchCount() == acknowledged.count)
                await again.close()
            }
        }

        @Test("is ready while it is open", arguments: StoreUnderTest.available)
        func readiness(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.store.checkReadiness()
                try await scene.store.checkReadiness()
            }
        }

        @Test("carries out a change whose caller was cancelled", arguments: StoreUnderTest.available)
        func cancelledCaller(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                let caller = Task {
                    // The task is cancelled before it begins to write.
                    while !Task.isCancelled { await Task.yield() }
                    _ = try await scene.store.register(scene.request(), now: scene.now)
                    return try await scene.store.watch(scene.request().id)
                }
                caller.cancel()
                #expect(try await caller.value != nil)
            }
        }
    }

    @Suite("hints")
    struct Hints {
        @Test("tells every listener what to look at", arguments: StoreUnderTest.available)
        func listeners(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                var first = scene.store.hints().makeAsyncIterator()
                var second = scene.store.hints().makeAsyncIterator()
                func next() async -> [StoreHint?] { [await first.next(), await second.next()] }

                let claimed = try await scene.claimed(scene.request())
                #expect(await next() == [.watchesRegistered, .watchesRegistered])
                _ = try await scene.store.end(scene.ending(claimed, recipients: [scene.recipient("a"), scene.born("b")]))
                let due = StoreHint.deliveriesDue([EndpointName(trusted: "a")])
                #expect(await next() == [due, due])
                _ = try await scene.store.register(scene.request("resp_2"), now: scene.now)
                #expect(await next() == [.watchesRegistered, .watchesRegistered])
                _ = try await scene.store.stopWatch(scene.request("resp_2").id, now: scene.now)
                let stopped = StoreHint.watchesStopped([scene.request("resp_2").id])
                #expect(await next() == [stopped, stopped])
                scene.store.suggestLook([])
                scene.store.suggestLook([scene.request("resp_3").id])
                let suspected = StoreHint.watchesWorthALook([scene.request("resp_3").id])
                #expect(await next() == [suspected, suspected])
                _ = try await scene.store.addEndpoint(.elaborateInbox, now: scene.now)
                #expect(await next() == [.endpointsChanged, .endpointsChanged])
                await scene.store.close()
                #expect(await next() == [nil, nil])
            }
        }
    }
}
