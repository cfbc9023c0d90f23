import RingbackCore
import RingbackTesting
import Store
import Testing

extension EveryStore {
    @Suite("sends again what was given up or never sent")
    struct Replaying {
        private func redriven(_ scene: Scene, _ filter: DeadLetterFilter = DeadLetterFilter(), after cursor: PageCursor?, limit: Int?)
            async throws -> Redriven
        {
            try await scene.store.redrive(filter, dryRun: false, after: cursor, limit: limit, now: scene.now)
        }

        @Test("redrives piece by piece, each letter once, though it dies again meanwhile", arguments: StoreUnderTest.available)
        func pieces(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for index in 0..<7 {
                    try await scene.dead("resp_\(index)")
                    scene.advance(by: .seconds(1))
                }
                let first = try await redriven(scene, after: nil, limit: 3)
                #expect(first.matched == 3 && first.redriven == 3)
                let place = try #require(first.next)
                let claimed = try await scene.claim(limit: 10)
                #expect(claimed.map(\.delivery.response?.rawValue) == ["resp_0", "resp_1", "resp_2"], "what has waited longest goes first")
                #expect(claimed.map(\.isRetry) == [true, true, true])
                for job in claimed { try await scene.record(job, .dead(.exhausted), number: 2) }
                let rest = try await redriven(scene, after: place, limit: nil)
                #expect(rest == Redriven(matched: 4, redriven: 4, next: nil))
                #expect(try await scene.claim(limit: 10).count == 4)
            }
        }

        @Test("redrives hundreds in small changes and counts them all", arguments: StoreUnderTest.available)
        func many(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for index in 0..<250 {
                    let event = scene.bridgeEvent(.responseCompleted, occasion: "\(index)")
                    _ = try await scene.store.record(event, recipients: [scene.recipient()], now: scene.now)
                }
                for job in try await scene.claim(limit: 500) { try await scene.record(job, .dead(.rejected)) }
                let before = try await scene.store.redrive(DeadLetterFilter(), dryRun: true, now: scene.now)
                #expect(before == (250, 0))
                #expect(try await redriven(scene, after: nil, limit: nil) == Redriven(matched: 250, redriven: 250, next: nil))
                // A crash in the middle is a redrive that was not asked to go on: repeating it finds the rest, and nothing twice.
                #expect(try await redriven(scene, after: nil, limit: nil) == Redriven(matched: 0, redriven: 0, next: nil))
                #expect(try await scene.store.pendingDeliveryCount() == 250)
            }
        }

        @Test("lists events of a span of time for a replay, oldest first, with what became of them", arguments: StoreUnderTest.available)
        func candidates(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let begin = scene.now
                var events: [Event] = []
                for index in 0..<4 {
                    events.append(try await scene.ended("resp_\(index)", for: index == 3 ? [] : ["my-app"]))
                    scene.advance(by: .seconds(10))
                }
                let jobs = try await scene.claim(limit: 2)
                try await scene.record(jobs[0], .delivered)
                try await scene.record(jobs[1], .dead(.gone))
                func statuses(_ since: Timestamp, _ until: Timestamp, after: PageCursor? = nil, limit: Int = 10) async throws -> [String] {
                    try await scene.store.replayCandidates(for: scene.endpoint, since: since, until: until, after: after, limit: limit).map
                    {
                        "\($0.event.response?.rawValue ?? "") \($0.status?.rawValue ?? "none") \($0.watch?.response.rawValue ?? "")"
                    }
                }
                #expect(
                    try await statuses(begin, scene.now) == [
                        "resp_0 delivered resp_0", "resp_1 dead resp_1", "resp_2 pending resp_2", "resp_3 none resp_3",
                    ])
                #expect(
                    try await statuses(begin + .seconds(10), begin + .seconds(30)).map { $0.prefix(6) } == ["resp_1", "resp_2"],
                    "from the first time on, before the second")
                let cursor = ReplayCandidate(event: events[0], watch: nil, status: nil).cursor
                #expect(try await statuses(begin, scene.now, after: cursor, limit: 1).map { $0.prefix(6) } == ["resp_1"])
            }
        }

        @Test("replays what is missing, among the retries, and what was delivered only on request", arguments: StoreUnderTest.available)
        func replay(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                var events: [Event] = []
                for index in 0..<5 { events.append(try await scene.ended("resp_\(index)", for: index == 4 ? [] : ["my-app"])) }
                let jobs = try await scene.claim(limit: 3)
                try await scene.record(jobs[0], .delivered)
                try await scene.record(jobs[1], .dead(.gone))
                // The third is under way, the fourth waits, the fifth was never for this endpoint.
                let ids = events.map(\.id)
                #expect(try await scene.store.replay(ids, to: scene.endpoint, missingOnly: true, now: scene.now) == 2)
                #expect(try await scene.store.replay(ids, to: scene.endpoint, missingOnly: true, now: scene.now) == 0, "harmless to repeat")
                let claimed = try await scene.claim(limit: 10)
                #expect(claimed.map(\.isRetry) == [false, true, true], "what waits as a first attempt goes first")
                #expect(claimed.allSatisfy { $0.delivery.attempts == 0 })
                #expect(try await scene.store.replay(ids, to: scene.endpoint, missingOnly: false, now: scene.now) == 1)
                #expect(
                    try await scene.store.replay([EventID(trusted: "evt_none")], to: scene.endpoint, missingOnly: true, now: scene.now) == 0
                )
                let delivered = try await scene.store.delivery(DeliveryID(event: ids[0], endpoint: scene.endpoint))
                #expect(delivered?.status == .pending && delivered?.deliveredAt == nil)
            }
        }
    }

    @Suite("keeps circuit breakers")
    struct Breakers {
        @Test("as they were last written, never an older version", arguments: StoreUnderTest.available)
        func save(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let open = BreakerRecord(
                    openUntil: scene.now + .seconds(15), since: scene.now, waits: 2, failingSince: scene.now - .seconds(60), failures: 17,
                    recoveryOwedSince: scene.now, version: 3)
                try await scene.store.saveBreaker(open, of: scene.endpoint, now: scene.now)
                #expect(try await scene.store.breakers() == [scene.endpoint: open])
                try await scene.store.saveBreaker(BreakerRecord(version: 2), of: scene.endpoint, now: scene.now)
                #expect(try await scene.store.breakers() == [scene.endpoint: open])
                try await scene.store.saveBreaker(BreakerRecord(version: 4), of: scene.endpoint, now: scene.now)
                #expect(try await scene.store.breakers() == [scene.endpoint: BreakerRecord(version: 4)])
            }
        }

        @Test(
            "closes one when its endpoint is enabled, keeps what it owes, and takes no word from before",
            arguments: StoreUnderTest.available)
        func reset(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                var open = BreakerRecord(openUntil: scene.now, since: scene.now, waits: 2, recoveryOwedSince: scene.now, version: 3)
                try await scene.store.saveBreaker(open, of: scene.endpoint, now: scene.now)
                try await scene.store.setDisabled(scene.endpoint, reason: nil, now: scene.now + .seconds(1))
                let reset = try #require(try await scene.store.breakers()[scene.endpoint])
                #expect(reset == BreakerRecord(recoveryOwedSince: scene.now, resetAt: scene.now + .seconds(1), version: 3))
                open.version = 9
                try await scene.store.saveBreaker(open, of: scene.endpoint, now: scene.now + .seconds(2))
                #expect(try await scene.store.breakers()[scene.endpoint] == reset, "it does not know of the reset")
                open.resetAt = reset.resetAt
                try await scene.store.saveBreaker(open, of: scene.endpoint, now: scene.now + .seconds(2))
                #expect(try await scene.store.breakers()[scene.endpoint] == open)
            }
        }

        @Test("forgets one with its endpoint", arguments: StoreUnderTest.available)
        func remove(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let endpoint = Endpoint(name: scene.endpoint, origin: .api, target: .inbox(InboxTarget(directory: "/in")))
                _ = try await scene.store.addEndpoint(endpoint, now: scene.now)
                try await scene.store.saveBreaker(BreakerRecord(version: 1), of: scene.endpoint, now: scene.now)
                _ = try await scene.store.removeEndpoint(scene.endpoint, now: scene.now)
                #expect(try await scene.store.breakers().isEmpty)
            }
        }
    }
}
