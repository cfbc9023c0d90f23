import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("leases deliveries")
    struct LeasingDeliveries {
        @Test("gives a due delivery to one claimant only", arguments: StoreUnderTest.available)
        func exclusive(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended(metadata: ["team": "search"])
                let job = try #require(try await scene.claim().first)
                #expect(job.event == event)
                #expect(job.metadata == ["team": "search"])
                #expect(job.response == nil)
                #expect(job.lease == Lease(node: scene.node, epoch: 1))
                #expect(job.leasedUntil == scene.now + .seconds(30))
                #expect(job.delivery.status == .delivering)
                #expect(try await scene.store.delivery(job.delivery.id) == job.delivery)
                #expect(try await scene.claim(by: scene.otherNode).isEmpty)
                #expect(try await scene.claim().isEmpty)
            }
        }

        @Test("never gives a delivery to two of many nodes that claim at once", arguments: StoreUnderTest.available)
        func race(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...40 { try await scene.ended("resp_\(number)") }
                let claimed = try await withThrowingTaskGroup(of: [DeliveryID].self) { group in
                    for number in 1...8 {
                        group.addTask { try await scene.claim(by: NodeID("node-\(number)")).map(\.delivery.id) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(claimed.count == 40)
                #expect(Set(claimed).count == 40)
            }
        }

        @Test("serves several endpoints in one claim, each within its limit", arguments: StoreUnderTest.available)
        func lanes(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...3 { try await scene.ended("resp_\(number)", for: ["a", "b", "c"]) }
                let lanes = [("a", 2), ("b", 5), ("none", 5)].map {
                    DeliveryClaim.Lane(endpoint: EndpointName(trusted: $0.0), limit: $0.1, reservedForRetries: 1)
                }
                let claim = DeliveryClaim(node: scene.node, lanes: lanes, now: scene.now, until: scene.now + .seconds(30))
                let jobs = try await scene.store.claimDeliveries(claim)
                #expect(jobs.map(\.delivery.endpoint.rawValue) == ["a", "a", "b", "b", "b"])
            }
        }

        @Test("gives nothing before it is due", arguments: StoreUnderTest.available)
        func notYet(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                try await scene.record(job, .retry(at: scene.now + .seconds(5)))
                scene.advance(by: .milliseconds(4_999))
                #expect(try await scene.claim().isEmpty)
                #expect(try await scene.store.nextDue() == [scene.endpoint: scene.now + .milliseconds(1)])
                scene.advance(by: .milliseconds(1))
                #expect(try await scene.claim().map(\.lease.epoch) == [2])
            }
        }

        @Test("prefers first attempts to older retries, but keeps the reserved places for retries", arguments: StoreUnderTest.available)
        func retriesCannotStarve(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...3 { try await scene.ended("resp_old_\(number)") }
                for job in try await scene.claim() { try await scene.record(job, .retry(at: scene.now)) }
                for number in 1...3 {
                    scene.advance(by: .seconds(1))
                    try await scene.ended("resp_new_\(number)")
                }
                let first = try await scene.claim(limit: 3, reservedForRetries: 1).map { $0.delivery.response?.rawValue ?? "" }
                #expect(first.prefix(2) == ["resp_new_1", "resp_new_2"])
                #expect(first.last?.hasPrefix("resp_old_") == true)
                let second = try await scene.claim(limit: 10, reservedForRetries: 0).map { $0.delivery.response?.rawValue ?? "" }
                #expect(second.first == "resp_new_3")
                #expect(second.dropFirst().allSatisfy { $0.hasPrefix("resp_old_") })
                #expect(second.count == 3)
            }
        }

        @Test("gives a delivery out again after its lease, and lets the old holder change nothing", arguments: StoreUnderTest.available)
        func leaseEnds(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let old = try #require(try await scene.claim().first)
                #expect(try await scene.store.nextDue() == [scene.endpoint: old.leasedUntil])
                scene.advance(by: .milliseconds(29_999))
                #expect(try await scene.claim(by: scene.otherNode).isEmpty)
                scene.advance(by: .milliseconds(1))
                let new = try #require(try await scene.claim(by: scene.otherNode).first)
                #expect(new.delivery.id == old.delivery.id)
                #expect(new.lease == Lease(node: scene.otherNode, epoch: 2))
                #expect(try await scene.record(old, .delivered) == nil)
                try await scene.store.releaseDeliveries([(id: old.delivery.id, lease: old.lease)], dueAt: scene.now)
                #expect(try await scene.store.delivery(old.delivery.id)?.status == .delivering)
                #expect(try await scene.store.attempts(of: old.delivery.id).isEmpty)
                #expect(try await scene.record(new, .delivered) != nil)
            }
        }

        @Test("takes the word of a late holder whose delivery nobody else has claimed", arguments: StoreUnderTest.available)
        func lateButAlone(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                scene.advance(by: .seconds(60))
                #expect(try await scene.record(job, .delivered) != nil)
                #expect(try await scene.store.delivery(job.delivery.id)?.status == .delivered)
                #expect(try await scene.claim(by: scene.otherNode).isEmpty)
            }
        }

        @Test("takes a claimed delivery back without an attempt", arguments: StoreUnderTest.available)
        func release(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended()
                let job = try #require(try await scene.claim().first)
                let dueAt = scene.now + .seconds(3)
                try await scene.store.releaseDeliveries([(id: job.delivery.id, lease: job.lease)], dueAt: dueAt)
                let delivery = try #require(try await scene.store.delivery(job.delivery.id))
                #expect(delivery.status == .pending)
                #expect(delivery.nextAttemptAt == dueAt)
                #expect(delivery.attemptsInAll == 0)
                #expect(try await scene.record(job, .delivered) == nil)
                scene.advance(by: .seconds(3))
                #expect(try await scene.claim().map(\.lease.epoch) == [2])
            }
        }

        @Test("says for each endpoint when its next delivery falls due", arguments: StoreUnderTest.available)
        func nextDue(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                #expect(try await scene.store.nextDue().isEmpty)
                let start = scene.now
                try await scene.ended("resp_1", for: ["both", "leased", "retries", "done"])
                let outcomes: [(String, AttemptResultRow.Next)] = [
                    ("both", .retry(at: start + .seconds(9))), ("retries", .retry(at: start + .seconds(7))), ("done", .delivered),
                ]
                for (endpoint, next) in outcomes {
                    try await scene.record(try #require(try await scene.claim(endpoint).first), next)
                }
                _ = try await scene.claim("leased", for: .seconds(20))
                scene.advance(by: .seconds(1))
                try await scene.ended("resp_2", for: ["both"])
                let expected = ["both": start + .seconds(1), "leased": start + .seconds(20), "retries": start + .seconds(7)]
                let next = try await scene.store.nextDue()
                #expect(Dictionary(uniqueKeysWithValues: next.map { ($0.key.rawValue, $0.value) }) == expected)
            }
        }
    }

    @Suite("lists and changes deliveries")
    struct HandlingDeliveries {
        @Test("filters by status, endpoint, event and response, newest first", arguments: StoreUnderTest.available)
        func filters(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = try await scene.ended("resp_1", for: ["a", "b"])
                scene.advance(by: .seconds(1))
                try await scene.ended("resp_2", for: ["a", "b"])
                let jobs = try await scene.claim("a")
                try await scene.record(try #require(jobs.first), .delivered)
                func found(_ filter: DeliveryFilter) async throws -> [String] {
                    try await scene.store.deliveries(filter, page: PageRequest()).elements.map { "\($0.response!) \($0.endpoint)" }
                }
                let a = EndpointName(trusted: "a")
                #expect(try await found(DeliveryFilter(endpoint: a)) == ["resp_2 a", "resp_1 a"])
                #expect(try await found(DeliveryFilter(status: .delivered)) == ["resp_1 a"])
                #expect(try await found(DeliveryFilter(status: .delivering)) == ["resp_2 a"])
                #expect(try await found(DeliveryFilter(status: .pending)) == ["resp_2 b", "resp_1 b"])
                #expect(try await found(DeliveryFilter(status: .pending, endpoint: a)) == [])
                #expect(try await found(DeliveryFilter(status: .dead)) == [])
                #expect(try await found(DeliveryFilter(event: first.id)).sorted() == ["resp_1 a", "resp_1 b"])
                #expect(try await found(DeliveryFilter(endpoint: a, response: ResponseID(trusted: "resp_2"))) == ["resp_2 a"])
                #expect(try await found(DeliveryFilter(event: first.id, response: ResponseID(trusted: "resp_2"))) == [])
            }
        }

        @Test("pages through deliveries without repeating or losing one", arguments: StoreUnderTest.available, DeliveryFilter.eachKind)
        func pages(_ kind: StoreUnderTest, _ filter: DeliveryFilter) async throws {
            try await kind.withScene { scene in
                try await scene.ended("resp_1", for: ["a", "b", "c", "d", "e"])
                var seen: [DeliveryID] = []
                var cursor: PageCursor?
                repeat {
                    let page = try await scene.store.deliveries(filter, page: PageRequest(limit: 2, cursor: cursor))
                    seen += page.elements.map(\.id)
                    cursor = page.nextCursor
                } while cursor != nil && seen.count < 10
                #expect(seen.count == 5)
                #expect(seen == seen.sorted().reversed())
            }
        }

        @Test("makes a waiting, dead or abandoned delivery due now, and no other", arguments: StoreUnderTest.available)
        func retry(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended("resp_waits")
                let waiting = try #require(try await scene.claim().first)
                try await scene.record(waiting, .retry(at: scene.now + .seconds(500)))
                let dead = try await scene.dead("resp_dead", endpoint: "other")
                scene.advance(by: .seconds(1))

                let hurried = try #require(try await scene.store.retryDelivery(waiting.delivery.id, now: scene.now))
                #expect(hurried.nextAttemptAt == scene.now)
                #expect(hurried.attempts == 1, "the place on the schedule stays")
                let revived = try #require(try await scene.store.retryDelivery(dead.id, now: scene.now))
                #expect(revived.status == .pending)
                #expect(revived.attempts == 0)
                #expect(revived.attemptsInAll == 1)
                #expect(revived.deadReason == nil)
                #expect(try await scene.store.delivery(dead.id) == revived)

                let job = try #require(try await scene.claim("other").first)
                #expect(try await scene.store.retryDelivery(dead.id, now: scene.now)?.status == .delivering)
                try await scene.record(job, .delivered, number: 2)
                #expect(try await scene.store.retryDelivery(dead.id, now: scene.now)?.status == .delivered)
                #expect(try await scene.store.retryDelivery(DeliveryID(trusted: "dlv_none"), now: scene.now) == nil)
            }
        }

        @Test("abandons a waiting or dead delivery, and no other", arguments: StoreUnderTest.available)
        func abandon(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended("resp_1")
                let id = DeliveryID(event: event.id, endpoint: scene.endpoint)
                #expect(try await scene.store.abandonDelivery(id, now: scene.now)?.status == .abandoned)
                #expect(try await scene.claim().isEmpty)
                #expect(try await scene.store.retryDelivery(id, now: scene.now)?.status == .pending)
                let job = try #require(try await scene.claim().first)
                #expect(try await scene.store.abandonDelivery(id, now: scene.now)?.status == .delivering)
                try await scene.record(job, .dead(.exhausted))
                #expect(try await scene.store.abandonDelivery(id, now: scene.now)?.status == .abandoned)
                #expect(try await scene.store.deadLetters(DeadLetterFilter(), page: PageRequest()).elements.isEmpty)
                #expect(try await scene.store.abandonDelivery(DeliveryID(trusted: "dlv_none"), now: scene.now) == nil)
            }
        }
    }
}

extension DeliveryFilter {
    /// One per way in which a store may look deliveries up; all match what the test above writes.
    static let eachKind = [
        DeliveryFilter(), DeliveryFilter(status: .pending), DeliveryFilter(response: ResponseID(trusted: "resp_1")),
        DeliveryFilter(
            event: EventID(upstream: UpstreamName(trusted: "default"), response: ResponseID(trusted: "resp_1"), type: .responseCompleted)
        ),
    ]
}
