import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("keeps events")
    struct Events {
        @Test("writes an event once, with its deliveries", arguments: StoreUnderTest.available)
        func once(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = scene.bridgeEvent(.endpointDisabled, occasion: "1")
                let recipients = [scene.born(), scene.recipient("b")]
                let recorded = try #require(try await scene.store.record(event, recipients: recipients, now: scene.now))
                #expect(recorded.event == event)
                #expect(recorded.jobs.map(\.event) == [event])
                #expect(try await scene.store.record(event, recipients: [scene.recipient("c")], now: scene.now) == nil)
                #expect(try await scene.store.event(event.id) == event)
                #expect(try await scene.store.deliveries(DeliveryFilter(event: event.id), page: PageRequest()).elements.count == 2)
                #expect(try await scene.store.event(EventID(trusted: "evt_none")) == nil)
            }
        }

        @Test("filters by type, watch and response, newest first", arguments: StoreUnderTest.available)
        func filters(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = try await scene.ended("resp_1")
                scene.advance(by: .seconds(1))
                let second = try await scene.ended("resp_2")
                scene.advance(by: .seconds(1))
                let third = scene.bridgeEvent(.ringbackTest, occasion: "1")
                _ = try await scene.store.record(third, recipients: [], now: scene.now)
                func found(_ filter: EventFilter) async throws -> [EventID] {
                    try await scene.store.events(filter, page: PageRequest()).elements.map(\.id)
                }
                #expect(try await found(EventFilter()) == [third.id, second.id, first.id])
                #expect(try await found(EventFilter(type: .responseCompleted)) == [second.id, first.id])
                #expect(try await found(EventFilter(watch: first.watch)) == [first.id])
                #expect(try await found(EventFilter(response: second.response)) == [second.id])
                #expect(try await found(EventFilter(watch: first.watch, response: second.response)) == [])
                #expect(try await found(EventFilter(type: .ringbackTest, response: second.response)) == [])
                let page = try await scene.store.events(EventFilter(), page: PageRequest(limit: 2))
                let rest = try await scene.store.events(EventFilter(), page: PageRequest(limit: 2, cursor: page.nextCursor))
                #expect(rest.elements.map(\.id) == [first.id])
            }
        }

        @Test("sends an event to one more endpoint, or again to one that had it", arguments: StoreUnderTest.available)
        func resend(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let event = try await scene.ended()
                let job = try #require(try await scene.claim().first)
                #expect(try await scene.store.resend(event.id, to: scene.endpoint, now: scene.now)?.status == .delivering)
                try await scene.record(job, .delivered)
                scene.advance(by: .seconds(1))

                let again = try #require(try await scene.store.resend(event.id, to: scene.endpoint, now: scene.now))
                #expect(again.id == job.delivery.id)
                #expect(again.status == .pending)
                #expect(again.nextAttemptAt == scene.now)
                #expect(again.attempts == 0)
                #expect(again.deliveredAt == nil)
                #expect(try await scene.claim().count == 1)

                let other = EndpointName(trusted: "other")
                let added = try #require(try await scene.store.resend(event.id, to: other, now: scene.now))
                #expect(added.id == DeliveryID(event: event.id, endpoint: other))
                #expect(try await scene.claim("other").map(\.event) == [event])
                #expect(try await scene.store.resend(EventID(trusted: "evt_none"), to: other, now: scene.now) == nil)
            }
        }
    }

    @Suite("keeps endpoints")
    struct Endpoints {
        @Test(
            "keeps everything about an endpoint", arguments: StoreUnderTest.available,
            [Endpoint.elaborateWebhook, .elaborateInbox, .elaboratePreset])
        func roundTrip(_ kind: StoreUnderTest, _ endpoint: Endpoint) async throws {
            try await kind.withScene { scene async throws in
                #expect(try await scene.store.addEndpoint(endpoint, now: scene.now))
                #expect(try await scene.store.storedEndpoints() == [endpoint])
            }
        }

        @Test("adds a name once, and updates and removes only what is there", arguments: StoreUnderTest.available)
        func names(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                var endpoint = Endpoint.sample(scene.endpoint)
                #expect(try await scene.store.updateEndpoint(endpoint, now: scene.now) == false)
                #expect(try await scene.store.removeEndpoint(endpoint.name, now: scene.now) == false)
                #expect(try await scene.store.addEndpoint(endpoint, now: scene.now))
                let original = endpoint
                endpoint.maximumInFlight = 3
                #expect(try await scene.store.addEndpoint(endpoint, now: scene.now) == false)
                #expect(try await scene.store.storedEndpoints() == [original])
                #expect(try await scene.store.updateEndpoint(endpoint, now: scene.now))
                #expect(try await scene.store.storedEndpoints() == [endpoint])
                #expect(try await scene.store.removeEndpoint(endpoint.name, now: scene.now))
                #expect(try await scene.store.storedEndpoints().isEmpty)
            }
        }

        @Test("lets the waiting deliveries of a removed endpoint die, and no others", arguments: StoreUnderTest.available)
        func removal(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                _ = try await scene.store.addEndpoint(Endpoint.sample(scene.endpoint), now: scene.now)
                try await scene.ended("resp_delivered")
                try await scene.record(try #require(try await scene.claim().first), .delivered)
                let waiting = try await scene.ended("resp_waiting", for: ["my-app", "other"])
                #expect(try await scene.store.removeEndpoint(scene.endpoint, now: scene.now))
                let dead = try await scene.store.deadLetters(DeadLetterFilter(), page: PageRequest()).elements
                #expect(dead.map(\.id) == [DeliveryID(event: waiting.id, endpoint: scene.endpoint)])
                #expect(dead.map(\.deadReason) == [.endpointRemoved])
                #expect(try await scene.claim("other").count == 1)
                #expect(try await scene.store.deliveries(DeliveryFilter(status: .delivered), page: PageRequest()).elements.count == 1)
            }
        }

        @Test("remembers who is disabled and why, until enabled or removed", arguments: StoreUnderTest.available)
        func disabling(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let configured = EndpointName(trusted: "configured")
                _ = try await scene.store.addEndpoint(Endpoint.sample(scene.endpoint), now: scene.now)
                try await scene.store.setDisabled(configured, reason: "410", now: scene.now)
                try await scene.store.setDisabled(configured, reason: "by hand", now: scene.now)
                try await scene.store.setDisabled(scene.endpoint, reason: "410", now: scene.now)
                #expect(try await scene.store.disabledEndpoints() == [configured: "by hand", scene.endpoint: "410"])
                _ = try await scene.store.removeEndpoint(scene.endpoint, now: scene.now)
                #expect(try await scene.store.disabledEndpoints() == [configured: "by hand"])
                #expect(try await scene.store.removeEndpoint(configured, now: scene.now) == false)
                #expect(try await scene.store.disabledEndpoints() == [configured: "by hand"])
                try await scene.store.setDisabled(configured, reason: nil, now: scene.now)
                #expect(try await scene.store.disabledEndpoints().isEmpty)
            }
        }
    }
}

extension Endpoint {
    static func sample(_ name: EndpointName) -> Endpoint {
        Endpoint(name: name, origin: .api, target: .webhook(WebhookTarget(url: "https://example.com/hook", secrets: [])))
    }

    static let elaborateWebhook = Endpoint(
        name: EndpointName(trusted: "hook"), origin: .api,
        target: .webhook(
            WebhookTarget(
                url: "https://example.com/hook",
                secrets: [
                    SigningSecret(Secret("whsec_new")),
                    SigningSecret(Secret("whsec_old"), expiresAt: Timestamp(milliseconds: 1_790_000_000_123)),
                ],
                payload: .full, headers: [HeaderField("X-Env", Secret("prod"))], caFile: "ca.pem"
            )
        ),
        events: [EventPattern("response.*"), EventPattern("watch.lost")].compactMap { $0 },
        match: EndpointMatch(upstream: UpstreamName(trusted: "default"), model: "gpt-*", metadata: ["team": "search"]),
        retry: RetryPolicy(schedule: [.milliseconds(500), .seconds(5)], jitter: 0.1), timeout: .milliseconds(7_500),
        connectTimeout: .seconds(2), maximumInFlight: 3, isEnabled: false, disabledReason: "by hand"
    )

    static let elaborateInbox = Endpoint(
        name: EndpointName(trusted: "inbox"), origin: .api,
        target: .inbox(InboxTarget(directory: "inbox", outputText: true, maximumFiles: 10))
    )

    static let elaboratePreset = Endpoint(
        name: EndpointName(trusted: "room"), origin: .api,
        target: .preset(
            PresetTarget(
                preset: "slack", parameters: [.init(name: "url", value: Secret("https://hooks.example/T/B"), isSecret: true)],
                pace: RateLimit(1, per: .second), destination: "slack 1")),
        digest: Digest(window: .seconds(90), maximum: 7)
    )
}
