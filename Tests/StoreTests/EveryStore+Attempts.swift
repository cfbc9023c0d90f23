import RingbackCore
import Store
import StoreSQLite
import Testing

extension EveryStore {
    @Suite("records attempts")
    struct RecordingAttempts {
        @Test("keeps everything about an attempt", arguments: StoreUnderTest.available)
        func roundTrip(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                let attempt = Attempt(
                    number: 1, startedAt: scene.now, outcome: .failed, httpStatus: 503, error: .httpStatus, detail: "the receiver is busy",
                    retryAfter: .milliseconds(1500),
                    responseHeaders: [ResponseHeader(name: "a", value: "1"), ResponseHeader(name: "a", value: "2")],
                    responseBody: [0, 255, 10],
                    timing: AttemptTiming(dns: .microseconds(123), connect: .milliseconds(2), firstByte: .seconds(3), total: .seconds(4)),
                    address: "192.0.2.7"
                )
                let next = scene.now + .seconds(5)
                let result = AttemptResultRow(
                    delivery: job.delivery.id, lease: job.lease, attempt: attempt, next: .retry(at: next), deathNotice: nil, now: scene.now
                )
                #expect(try await scene.store.record(result) != nil)
                #expect(try await scene.store.attempts(of: job.delivery.id) == [attempt])
                let delivery = try #require(try await scene.store.delivery(job.delivery.id))
                #expect(delivery.status == .pending)
                #expect(delivery.nextAttemptAt == next)
                #expect(delivery.attempts == 1)
                #expect(delivery.attemptsInAll == 1)
            }
        }

        @Test("marks a delivery delivered, for good", arguments: StoreUnderTest.available)
        func delivered(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                scene.advance(by: .seconds(1))
                #expect(try await scene.record(job, .delivered) != nil)
                let delivery = try #require(try await scene.store.delivery(job.delivery.id))
                #expect(delivery.status == .delivered)
                #expect(delivery.deliveredAt == scene.now)
                #expect(delivery.nextAttemptAt == nil)
                #expect(try await scene.record(job, .dead(.exhausted)) == nil)
                #expect(try await scene.store.delivery(job.delivery.id) == delivery)
                scene.advance(by: .seconds(3600))
                #expect(try await scene.claim().isEmpty)
                #expect(try await scene.store.nextDue().isEmpty)
                #expect(try await scene.store.pendingDeliveryCount() == 0)
            }
        }

        @Test("does not count an attempt that failed by our own trouble, yet keeps it on record", arguments: StoreUnderTest.available)
        func ownTrouble(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                #expect(try await scene.record(job, .retry(at: scene.now), error: .internalTrouble) != nil)
                let delivery = try #require(try await scene.store.delivery(job.delivery.id))
                #expect(delivery.attempts == 0)
                #expect(delivery.attemptsInAll == 1)
                #expect(try await scene.store.attempts(of: delivery.id).map(\.error) == [.internalTrouble])
            }
        }

        @Test("keeps the newest attempts of a delivery only", arguments: StoreUnderTest.available)
        func bounded(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended()
                let kept = SQLiteStore.keptAttempts
                for number in 1...(kept + 3) {
                    try await scene.record(try #require(try await scene.claim().first), .retry(at: scene.now), number: number)
                }
                let attempts = try await scene.store.attempts(of: DeliveryID(event: event.id, endpoint: scene.endpoint))
                #expect(attempts.map(\.number) == Array(4...(kept + 3)))
            }
        }

        @Test("buries a delivery together with the notice of its death", arguments: StoreUnderTest.available)
        func death(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                scene.advance(by: .seconds(1))
                let notice = scene.bridgeEvent(.deliveryDead, occasion: "1")
                let recipients = [scene.born("ops"), scene.recipient("log")]
                let recorded = try #require(try await scene.record(job, .dead(.rejected), notice: (notice, recipients)))
                let dead = try #require(try await scene.store.delivery(job.delivery.id))
                #expect(dead.status == .dead)
                #expect(dead.deadReason == .rejected)
                #expect(dead.nextAttemptAt == nil)
                #expect(recorded.jobs.map(\.delivery.endpoint.rawValue) == ["ops"])
                #expect(recorded.jobs.map(\.event) == [notice])
                #expect(try await scene.store.event(notice.id) == notice)
                #expect(try await scene.claim("log").count == 1)
            }
        }

        @Test("writes no notice with a delivery that goes on, nor about the death of a notice", arguments: StoreUnderTest.available)
        func noNotice(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let first = scene.bridgeEvent(.deliveryDead, occasion: "1")
                let job = try #require(try await scene.claim().first)
                try await scene.record(job, .retry(at: scene.now), notice: (first, [scene.recipient("ops")]))
                #expect(try await scene.store.event(first.id) == nil)

                let again = try #require(try await scene.claim().first)
                try await scene.record(again, .dead(.exhausted), number: 2, notice: (first, [scene.recipient("ops")]))
                let second = scene.bridgeEvent(.deliveryDead, occasion: "2")
                let noticeJob = try #require(try await scene.claim("ops").first)
                try await scene.record(noticeJob, .dead(.exhausted), notice: (second, [scene.recipient("ops")]))
                #expect(try await scene.store.event(second.id) == nil)
                #expect(try await scene.claim("ops").isEmpty)
            }
        }
    }

    @Suite("keeps dead letters")
    struct DeadLetters {
        /// Three letters, a minute apart, the first at the returned time.
        private func write(_ scene: Scene) async throws -> (letters: [Delivery], start: Timestamp) {
            let start = scene.now
            var letters = [try await scene.dead("resp_1", endpoint: "a", reason: .exhausted)]
            scene.advance(by: .seconds(60))
            letters.append(try await scene.dead("resp_2", endpoint: "a", reason: .gone))
            scene.advance(by: .seconds(60))
            letters.append(try await scene.dead("resp_3", endpoint: "b", reason: .exhausted))
            try await scene.ended("resp_alive", for: ["a"])
            return (letters, start)
        }

        @Test("finds them by id, endpoint, reason and time of death, newest first", arguments: StoreUnderTest.available)
        func filters(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let (letters, start) = try await write(scene)
                func found(_ filter: DeadLetterFilter) async throws -> [String] {
                    let page = try await scene.store.deadLetters(filter, page: PageRequest())
                    let dryRun = try await scene.store.redrive(filter, dryRun: true, now: scene.now)
                    #expect(dryRun == (page.elements.count, 0))
                    return page.elements.map { $0.response?.rawValue ?? "" }
                }
                let a = EndpointName(trusted: "a")
                #expect(try await found(DeadLetterFilter()) == ["resp_3", "resp_2", "resp_1"])
                #expect(try await found(DeadLetterFilter(endpoint: a)) == ["resp_2", "resp_1"])
                #expect(try await found(DeadLetterFilter(reason: .exhausted)) == ["resp_3", "resp_1"])
                #expect(try await found(DeadLetterFilter(ids: [letters[1].id, DeliveryID(trusted: "dlv_none")])) == ["resp_2"])
                #expect(try await found(DeadLetterFilter(ids: [])) == [])
                #expect(try await found(DeadLetterFilter(since: start + .seconds(60))) == ["resp_3", "resp_2"])
                #expect(try await found(DeadLetterFilter(until: start + .seconds(60))) == ["resp_1"])
                let all = DeadLetterFilter(endpoint: a, reason: .exhausted, since: start, until: start + .seconds(120))
                #expect(try await found(all) == ["resp_1"])
                #expect(try await found(DeadLetterFilter(reason: .unrenderable)) == [])
            }
        }

        @Test("pages through them", arguments: StoreUnderTest.available)
        func pages(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await write(scene)
                let first = try await scene.store.deadLetters(DeadLetterFilter(), page: PageRequest(limit: 2))
                let second = try await scene.store.deadLetters(DeadLetterFilter(), page: PageRequest(limit: 2, cursor: first.nextCursor))
                #expect((first.elements + second.elements).map { $0.response?.rawValue } == ["resp_3", "resp_2", "resp_1"])
                #expect(first.nextCursor != nil)
                #expect(second.nextCursor == nil)
            }
        }

        @Test("makes those that match due again on a fresh schedule, after new deliveries", arguments: StoreUnderTest.available)
        func redrive(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let (letters, _) = try await write(scene)
                let a = EndpointName(trusted: "a")
                #expect(try await scene.store.redrive(DeadLetterFilter(endpoint: a), dryRun: false, now: scene.now) == (2, 2))
                #expect(try await scene.store.redrive(DeadLetterFilter(endpoint: a), dryRun: false, now: scene.now) == (0, 0))
                let revived = try #require(try await scene.store.delivery(letters[0].id))
                #expect(revived.status == .pending)
                #expect(revived.nextAttemptAt == scene.now)
                #expect(revived.attempts == 0)
                #expect(revived.attemptsInAll == 1)
                #expect(revived.deadReason == nil)
                #expect(try await scene.store.delivery(letters[2].id)?.status == .dead)
                let claimed = try await scene.claim("a").map { $0.delivery.response?.rawValue }
                #expect(claimed.first == "resp_alive")
                #expect(claimed.count == 3)
            }
        }

        @Test("redrives more than fits into one change", arguments: StoreUnderTest.available)
        func redriveMany(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let count = 1201
                _ = try await scene.store.addEndpoint(Endpoint.sample(scene.endpoint), now: scene.now)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...count {
                        group.addTask {
                            let event = scene.bridgeEvent(.ringbackTest, occasion: "\(number)")
                            _ = try await scene.store.record(event, recipients: [scene.recipient()], now: scene.now)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await scene.store.removeEndpoint(scene.endpoint, now: scene.now))
                #expect(try await scene.store.pendingDeliveryCount() == 0)
                let filter = DeadLetterFilter(reason: .endpointRemoved)
                #expect(try await scene.store.redrive(filter, dryRun: false, now: scene.now) == (count, count))
                #expect(try await scene.store.pendingDeliveryCount() == count)
            }
        }
    }
}
