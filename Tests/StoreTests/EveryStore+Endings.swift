import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("ends watches")
    struct Ending {
        @Test("writes status, response, event and one delivery per recipient together", arguments: StoreUnderTest.available)
        func everything(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request(metadata: ["team": "search"]))
                scene.advance(by: .seconds(5))
                let body = "{\"text\":\"\u{1F60E}\"}\n"
                let recipients = ["a", "b", "a"].map { scene.recipient($0) }
                let ending = scene.ending(claimed, response: body, recipients: recipients)
                let recorded = try #require(try await scene.store.end(ending))
                #expect(recorded.event == ending.event)
                #expect(recorded.jobs.isEmpty)

                let watch = try #require(try await scene.store.watch(claimed.watch.id))
                #expect(watch.status == .completed)
                #expect(watch.following == .none)
                #expect(watch.terminalAt == scene.now)
                #expect(watch.model == "gpt-5")
                #expect(watch.usage == Array(#"{"total_tokens":7}"#.utf8))
                #expect(watch.sequenceNumber == 42)
                #expect(try await scene.store.response(of: claimed.watch.id) == Array(body.utf8))
                #expect(try await scene.store.response(of: ending.event.id) == Array(body.utf8))
                #expect(try await scene.store.event(ending.event.id) == ending.event)
                #expect(try await scene.store.openWatchCount() == 0)

                let deliveries = try await scene.store.deliveries(DeliveryFilter(event: ending.event.id), page: PageRequest()).elements
                #expect(deliveries.map(\.endpoint.rawValue).sorted() == ["a", "b"])
                #expect(deliveries.allSatisfy { $0.status == .pending && $0.nextAttemptAt == scene.now && $0.watch == watch.id })
                #expect(deliveries.allSatisfy { $0.id == DeliveryID(event: ending.event.id, endpoint: $0.endpoint) })
                #expect(try await scene.store.pendingDeliveryCount() == 2)
            }
        }

        @Test("remembers of a response that is not kept how large it was", arguments: StoreUnderTest.available)
        func oversized(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                let oversized = OversizedResponse(size: 5_000_000_000, limit: 1024)
                let whole = scene.ending(claimed, recipients: [scene.recipient()])
                let ending = WatchEnding(
                    id: whole.id, lease: whole.lease, status: whole.status, event: whole.event, response: nil, model: "gpt-5", usage: nil,
                    sequenceNumber: nil, lastError: "too large", recipients: whole.recipients, oversized: oversized)
                _ = try #require(try await scene.store.end(ending))
                #expect(try await scene.store.response(of: claimed.watch.id) == nil)
                #expect(try await scene.store.missingResponse(of: claimed.watch.id) == .oversized(oversized))
                #expect(try await scene.claim().count == 1)
            }
        }

        @Test(
            "does not serve the object of a cancelled response in place of a completed one that was too large",
            arguments: StoreUnderTest.available)
        func oversizedSecond(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                _ = try #require(try await scene.store.end(scene.ending(claimed, as: .cancelled)))
                #expect(try await scene.store.response(of: claimed.watch.id) != nil)
                let whole = scene.ending(claimed)
                let oversized = OversizedResponse(size: 4096, limit: 1024)
                let ending = WatchEnding(
                    id: whole.id, lease: whole.lease, status: whole.status, event: whole.event, response: nil, model: nil, usage: nil,
                    sequenceNumber: nil, lastError: nil, recipients: [], oversized: oversized)
                _ = try #require(try await scene.store.end(ending))
                #expect(try await scene.store.response(of: claimed.watch.id) == nil)
                #expect(try await scene.store.missingResponse(of: claimed.watch.id) == .oversized(oversized))
            }
        }

        @Test("knows of no response where there never was one", arguments: StoreUnderTest.available)
        func neverThere(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                #expect(try await scene.store.missingResponse(of: claimed.watch.id) == nil)
                let ending = WatchEnding(
                    id: claimed.watch.id, lease: claimed.lease, status: .lost, event: scene.event(claimed.watch, .watchLost), response: nil,
                    model: nil, usage: nil, sequenceNumber: nil, lastError: "gone", recipients: [])
                _ = try #require(try await scene.store.end(ending))
                #expect(try await scene.store.missingResponse(of: claimed.watch.id) == nil)
                #expect(try await scene.store.response(of: claimed.watch.id) == nil)
            }
        }

        @Test("hands born-leased deliveries over with the response at hand, and to nobody else", arguments: StoreUnderTest.available)
        func bornLeased(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let callback = Callback(url: "https://example.com/hook", secret: Secret("whsec_1"))
                let request = scene.request(callback: callback, metadata: ["team": "search"])
                let claimed = try await scene.claimed(request)
                let callbackName = EndpointName(callbackOf: request.id).rawValue
                let ending = scene.ending(claimed, recipients: [scene.born("my-app"), scene.born(callbackName), scene.recipient("waits")])
                let jobs = try #require(try await scene.store.end(ending)).jobs
                #expect(jobs.map(\.delivery.endpoint.rawValue) == ["my-app", callbackName])
                for job in jobs {
                    #expect(job.lease == Lease(node: scene.node, epoch: 1))
                    #expect(job.leasedUntil == scene.now + .seconds(30))
                    #expect(job.response == ending.response)
                    #expect(job.metadata == ["team": "search"])
                    #expect(job.delivery.status == .delivering)
                    #expect(try await scene.store.delivery(job.delivery.id) == job.delivery)
                }
                #expect(jobs.map(\.callback) == [nil, callback])
                #expect(try await scene.claim("my-app", by: scene.otherNode).isEmpty)
                #expect(try await scene.claim("waits", by: scene.otherNode).count == 1)
                let first = try #require(jobs.first)
                #expect(try await scene.record(first, .delivered) != nil)
                #expect(try await scene.store.delivery(first.delivery.id)?.status == .delivered)
            }
        }

        @Test("changes nothing the second time, nor under a lease that is not held", arguments: StoreUnderTest.available)
        func onlyOnce(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                let wrong = [
                    Lease(node: scene.otherNode, epoch: claimed.lease.epoch), Lease(node: scene.node, epoch: claimed.lease.epoch - 1),
                ]
                for lease in wrong {
                    let stale = ClaimedWatch(watch: claimed.watch, lease: lease)
                    #expect(try await scene.store.end(scene.ending(stale, recipients: [scene.recipient()])) == nil)
                }
                #expect(try await scene.store.end(scene.ending(claimed, recipients: [scene.recipient()])) != nil)
                #expect(try await scene.store.end(scene.ending(claimed, as: .failed, recipients: [scene.recipient()])) == nil)
                #expect(try await scene.store.end(scene.ending(claimed, recipients: [scene.recipient("late")])) == nil)
                #expect(try await scene.store.watch(claimed.watch.id)?.status == .completed)
                #expect(try await scene.store.events(EventFilter(), page: PageRequest()).elements.count == 1)
                #expect(try await scene.store.pendingDeliveryCount() == 1)
            }
        }

        @Test("lets a cancelled watch complete after all, once", arguments: StoreUnderTest.available)
        func completedAfterCancelled(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                #expect(try await scene.store.end(scene.ending(claimed, as: .cancelled, response: "1")) != nil)
                #expect(try await scene.store.end(scene.ending(claimed, as: .failed, response: "2")) == nil)
                scene.advance(by: .seconds(60))
                #expect(try await scene.store.end(scene.ending(claimed, as: .completed, response: "3")) != nil)
                #expect(try await scene.store.end(scene.ending(claimed, as: .completed, response: "4")) == nil)
                #expect(try await scene.store.watch(claimed.watch.id)?.status == .completed)
                #expect(try await scene.store.response(of: claimed.watch.id) == Array("3".utf8))
                let events = try await scene.store.events(EventFilter(watch: claimed.watch.id), page: PageRequest()).elements
                #expect(events.map(\.type) == [.responseCompleted, .responseCancelled])
                #expect(try await scene.store.response(of: try #require(events.last).id) == Array("1".utf8))
            }
        }

        @Test("ends a watch without a response when it is lost", arguments: StoreUnderTest.available)
        func lost(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                let ending = WatchEnding(
                    id: claimed.watch.id, lease: claimed.lease, status: .lost, event: scene.event(claimed.watch, .watchLost), response: nil,
                    model: nil, usage: nil, sequenceNumber: nil, lastError: "404", recipients: []
                )
                #expect(try await scene.store.end(ending) != nil)
                #expect(try await scene.store.watch(claimed.watch.id)?.status == .lost)
                #expect(try await scene.store.watch(claimed.watch.id)?.lastError == "404")
                #expect(try await scene.store.response(of: claimed.watch.id) == nil)
            }
        }

        @Test("marks a watch as stalled by that notice and by no other", arguments: StoreUnderTest.available)
        func progressNotice(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                for type in RunningStatus.allCases.map(\.eventType) {
                    let event = scene.event(claimed.watch, type)
                    let notice = WatchNotice(id: claimed.watch.id, lease: claimed.lease, event: event, recipients: [])
                    #expect(try await scene.store.record(notice)?.event == notice.event)
                    #expect(try await scene.store.record(notice) == nil)
                }
                #expect(try await scene.store.watch(claimed.watch.id)?.stalled == false)
            }
        }

        @Test("writes a notice about a watch that goes on once", arguments: StoreUnderTest.available)
        func notice(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let claimed = try await scene.claimed(scene.request())
                let notice = WatchNotice(
                    id: claimed.watch.id, lease: claimed.lease, event: scene.event(claimed.watch, .watchStalled),
                    recipients: [scene.recipient()]
                )
                #expect(try await scene.store.record(notice)?.event == notice.event)
                #expect(try await scene.store.record(notice) == nil)
                let watch = try #require(try await scene.store.watch(claimed.watch.id))
                #expect(watch.stalled)
                #expect(watch.status == .queued)
                #expect(try await scene.store.pendingDeliveryCount() == 1)
                #expect(try await scene.store.end(scene.ending(claimed)) != nil, "a notice must not cost the lease")
            }
        }
    }
}
