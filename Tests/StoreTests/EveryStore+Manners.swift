import RingbackCore
import RingbackTesting
import Store
import Testing

extension EveryStore {
    @Suite("remembers upstreams' manners")
    struct Manners {
        private static let stream = LearnedManner(
            name: "stream", value: "no", since: Timestamp(milliseconds: 1), triedAt: Timestamp(milliseconds: 2), evidence: "5 refusals")
        private static let resume = LearnedManner(
            name: "resume", value: "yes", since: Timestamp(milliseconds: 3), triedAt: Timestamp(milliseconds: 3), evidence: "seen")

        @Test("and puts what is newer in the place of all that was known", arguments: StoreUnderTest.available)
        func replaces(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let other = RememberedManners(upstream: UpstreamName(trusted: "other"), base: "c", manners: [Self.resume])
                try await scene.store.remember(
                    RememberedManners(upstream: scene.upstream, base: "a", manners: [Self.stream, Self.resume]))
                try await scene.store.remember(other)
                let newer = RememberedManners(upstream: scene.upstream, base: "b", manners: [Self.resume])
                try await scene.store.remember(newer)
                #expect(try await scene.store.rememberedManners() == [newer, other])
                try await scene.store.remember(RememberedManners(upstream: scene.upstream, base: "b", manners: []))
                #expect(try await scene.store.rememberedManners() == [other])
            }
        }

        @Test("beyond its own end", arguments: StoreUnderTest.available)
        func survives(_ kind: StoreUnderTest) async throws {
            try await withTemporaryDirectory { directory in
                let manners = RememberedManners(upstream: UpstreamName(trusted: "default"), base: "a", manners: [Self.resume, Self.stream])
                let store = try kind.open(directory, ManualTime())
                try await store.remember(manners)
                await store.close()
                let again = try kind.open(directory, ManualTime())
                #expect(try await again.rememberedManners() == [manners])
                await again.close()
            }
        }

        @Test("and of each watch whether its response was created streaming", arguments: StoreUnderTest.available)
        func createdStreaming(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for (response, word) in [("resp_1", true), ("resp_2", false), ("resp_3", nil)] {
                    var request = scene.request(response)
                    request.createdStreaming = word
                    _ = try await scene.store.register(request, now: scene.now)
                    #expect(try await scene.store.watch(request.id)?.createdStreaming == word)
                }
                var again = scene.request("resp_1")
                again.createdStreaming = false
                _ = try await scene.store.stopWatch(again.id, now: scene.now)
                _ = try await scene.store.register(again, now: scene.now)
                #expect(try await scene.store.watch(again.id)?.createdStreaming == false, "a watch that is opened again is a new one")
            }
        }
    }
}
