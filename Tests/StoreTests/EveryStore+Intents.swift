import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("remembers creates")
    struct Intents {
        private static func intent(_ scene: Scene, _ id: String = "intent_1", repeats: Bool = true) -> CreateIntent {
            CreateIntent(
                id: IntentID(trusted: id), upstream: scene.upstream, createdAt: scene.now, isStreaming: true,
                facts: CreateFacts(model: "gpt-5", metadata: ["team": "a"], digests: ["temperature": "00ff"]), endpoints: [scene.endpoint],
                callback: Callback(url: "https://example.com/cb?key=1", secret: Secret("whsec_1")),
                headers: [HeaderField("Authorization", Secret("Bearer sk-1"))],
                repetition: repeats
                    ? CreateRepetition(
                        headers: [HeaderField("Idempotency-Key", Secret("k"))], query: "a=b", body: Array(#"{"input":"h\u00e9"}"#.utf8))
                    : nil,
                trace: TraceContext(parents: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"], states: [])
            )
        }

        private static func open(_ intent: CreateIntent, _ scene: Scene, by node: NodeID? = nil) async throws {
            let isTaken = try await scene.store.open(intent, by: node ?? scene.node, atMost: 10)
            #expect(isTaken)
        }

        private static func intents(of node: NodeID, _ scene: Scene) async throws -> [String] {
            try await scene.store.intents(of: node, now: scene.now, limit: 10).map(\.id.rawValue)
        }

        @Test("keeps everything an intent says until it is closed", arguments: StoreUnderTest.available)
        func roundTrip(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                let intents = [Self.intent(scene), Self.intent(scene, "intent_2", repeats: false)]
                for intent in intents { try await Self.open(intent, scene) }
                #expect(try await scene.store.intents(of: scene.node, now: scene.now, limit: 10) == intents)
                try await scene.store.close(intents[0].id)
                #expect(try await scene.store.intents(of: scene.node, now: scene.now, limit: 10) == [intents[1]])
            }
        }

        @Test("takes no more of them than it may", arguments: StoreUnderTest.available)
        func bound(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                try await Self.open(Self.intent(scene), scene)
                let isTaken = try await scene.store.open(Self.intent(scene, "intent_2"), by: scene.node, atMost: 1)
                #expect(!isTaken)
                #expect(try await Self.intents(of: scene.node, scene) == ["intent_1"])
            }
        }

        @Test("shows a node its own and those of the dead, and leaves the living theirs", arguments: StoreUnderTest.available)
        func owners(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                try await scene.store.heartbeat(scene.otherNode, now: scene.now, until: scene.now + .seconds(30))
                try await Self.open(Self.intent(scene), scene, by: scene.otherNode)
                #expect(try await Self.intents(of: scene.node, scene) == [])
                #expect(try await Self.intents(of: scene.otherNode, scene) == ["intent_1"])
                scene.advance(by: .seconds(30))
                #expect(try await Self.intents(of: scene.node, scene) == ["intent_1"])
            }
        }

        @Test("registers the response of an intent once, and forgets the intent with it", arguments: StoreUnderTest.available)
        func resolves(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                let intent = Self.intent(scene)
                try await Self.open(intent, scene)
                guard case .created? = try await scene.store.register(scene.request(), resolving: intent.id, now: scene.now) else {
                    Issue.record("the watch was not created")
                    return
                }
                #expect(try await Self.intents(of: scene.node, scene) == [])
                #expect(try await scene.store.register(scene.request("resp_2"), resolving: intent.id, now: scene.now) == nil)
                #expect(try await scene.store.watch(scene.request("resp_2").id) == nil)
            }
        }

        @Test("remembers which kept responses are withheld", arguments: StoreUnderTest.available)
        func withholds(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene async throws in
                _ = try await scene.store.register(scene.request(), now: scene.now)
                let id = scene.request().id
                #expect(try await scene.store.isResponseWithheld(of: id) == false)
                try await scene.store.withholdResponse(of: id)
                try await scene.store.withholdResponse(of: scene.request("resp_2").id)
                #expect(try await scene.store.isResponseWithheld(of: id) == true)
                #expect(try await scene.store.isResponseWithheld(of: scene.request("resp_2").id) == false)
            }
        }
    }
}
