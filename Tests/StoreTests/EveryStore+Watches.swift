import RingbackCore
import Store
import Testing

extension EveryStore {
    @Suite("registers watches")
    struct Registering {
        @Test("keeps everything a registration says", arguments: StoreUnderTest.available)
        func roundTrip(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let request = NewWatch(
                    upstream: scene.upstream, response: ResponseID(trusted: "resp_1"), endpoints: [scene.endpoint],
                    callback: Callback(
                        url: "https://example.com/hook?key=1", secret: Secret("whsec_1"), payload: .full,
                        headers: [HeaderField("X-A", Secret("1")), HeaderField("X-A", Secret("2"))]
                    ),
                    metadata: ["team": "search", "ключ": "\u{1F60E}"], headers: [HeaderField("X-On-Behalf-Of", Secret("acme"))],
                    maximumAge: .milliseconds(90_500), model: "gpt-5"
                )
                guard case .created(let watch) = try await scene.store.register(request, now: scene.now) else {
                    Issue.record("a new watch was not created")
                    return
                }
                #expect(watch.status == .queued)
                #expect(watch.createdAt == scene.now)
                #expect(watch.callback == request.callback)
                #expect(watch.headers == request.headers)
                #expect(watch.maximumAge == request.maximumAge)
                #expect(try await scene.store.watch(request.id) == watch)
            }
        }

        @Test("keeps where it belongs in a trace, for whoever follows it and for its deliveries", arguments: StoreUnderTest.available)
        func trace(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let trace = try #require(
                    TraceContext(parents: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], states: ["a=1", "b=2"]))
                let callback = Callback(url: "https://example.com", secret: nil)
                var request = scene.request(callback: callback)
                request.trace = trace
                let claimed = try await scene.claimed(request)
                #expect(claimed.watch.trace == trace)
                let callbackName = EndpointName(callbackOf: request.id)
                let recipients = [scene.born("born"), scene.recipient("waiting"), scene.recipient(callbackName.rawValue)]
                let jobs = try #require(try await scene.store.end(scene.ending(claimed, recipients: recipients))).jobs
                #expect(jobs.map(\.trace) == [trace])
                #expect(try await scene.claim("waiting").map(\.trace) == [trace])
                let called = try #require(try await scene.claim(callbackName.rawValue).first)
                #expect(called.trace == trace && called.callback == callback)

                var stopped = scene.request("resp_2")
                stopped.trace = trace
                _ = try await scene.store.register(stopped, now: scene.now)
                _ = try await scene.store.stopWatch(stopped.id, now: scene.now)
                stopped.trace = nil
                guard case .reopened = try await scene.store.register(stopped, now: scene.now) else {
                    Issue.record("a stopped watch was not reopened")
                    return
                }
                #expect(try await scene.store.watch(stopped.id)?.trace == nil, "a registration anew belongs where it says itself")
            }
        }

        @Test("takes the same registration, or one that names nothing, for the existing watch", arguments: StoreUnderTest.available)
        func existing(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let callback = Callback(url: "https://example.com", secret: Secret("whsec_1"))
                let request = scene.request(endpoints: ["a", "b"], callback: callback)
                guard case .created(let watch) = try await scene.store.register(request, now: scene.now) else {
                    Issue.record("a new watch was not created")
                    return
                }
                for again in [request, scene.request(endpoints: ["b", "a"], callback: callback), scene.request()] {
                    #expect(try await scene.store.register(again, now: scene.now + .seconds(1)) == .existing(watch))
                }
            }
        }

        @Test("refuses another definition of the same watch and leaves it as it is", arguments: StoreUnderTest.available)
        func conflict(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let callback = Callback(url: "https://example.com", secret: Secret("whsec_1"))
                let request = scene.request(endpoints: ["a"], callback: callback)
                _ = try await scene.store.register(request, now: scene.now)
                let watch = try #require(try await scene.store.watch(request.id))
                let others = [
                    scene.request(endpoints: ["b"], callback: callback),
                    scene.request(endpoints: ["a"]),
                    scene.request(endpoints: ["a"], callback: Callback(url: "https://example.com", secret: Secret("whsec_2"))),
                ]
                for other in others {
                    #expect(try await scene.store.register(other, now: scene.now) == .conflicting(watch))
                }
                #expect(try await scene.store.watch(request.id) == watch)
            }
        }

        @Test("opens a stopped watch again with what the new registration asks", arguments: StoreUnderTest.available)
        func reopen(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let old = try await scene.claimed(scene.request(endpoints: ["a"]))
                try await scene.store.saveProgress(
                    [WatchProgress(id: old.watch.id, lease: old.lease, status: .inProgress, sequenceNumber: 5)], now: scene.now
                )
                _ = try await scene.store.stopWatch(old.watch.id, now: scene.now)
                scene.advance(by: .seconds(10))
                guard case .reopened(let watch) = try await scene.store.register(scene.request(endpoints: ["b"]), now: scene.now) else {
                    Issue.record("a stopped watch was not reopened")
                    return
                }
                #expect(watch.status == .queued)
                #expect(watch.createdAt == scene.now)
                #expect(watch.terminalAt == nil)
                #expect(watch.sequenceNumber == nil)
                #expect(watch.endpoints == [EndpointName(trusted: "b")])
                #expect(try await scene.store.watch(watch.id) == watch)
                let claimed = try await scene.store.claimWatches(for: scene.node, now: scene.now, limit: 10)
                #expect(claimed.map(\.watch.id) == [watch.id])
                #expect(claimed.map(\.lease.epoch) == [old.lease.epoch + 1])
                #expect(try await scene.store.end(scene.ending(old)) == nil, "the lease from before the stop must be void")
            }
        }

        @Test("keeps the same response id of two upstreams apart", arguments: StoreUnderTest.available)
        func twoUpstreams(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let first = scene.request()
                let second = NewWatch(upstream: UpstreamName(trusted: "other"), response: first.response)
                for request in [first, second] { _ = try await scene.store.register(request, now: scene.now) }
                #expect(try await scene.store.openWatchCount() == 2)
                let both = try await scene.store.watches(WatchFilter(response: first.response), page: PageRequest()).elements
                #expect(Set(both.map(\.upstream)) == [first.upstream, second.upstream])
                let filter = WatchFilter(upstream: second.upstream, response: first.response)
                #expect(try await scene.store.watches(filter, page: PageRequest()).elements.map(\.id) == [second.id])
            }
        }

        @Test("stops an open watch and leaves an ended one as it is", arguments: StoreUnderTest.available)
        func stop(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                let open = try await scene.claimed(scene.request("resp_open"))
                let stopped = try #require(try await scene.store.stopWatch(open.watch.id, now: scene.now))
                #expect(stopped.status == .stopped)
                #expect(stopped.terminalAt == scene.now)
                #expect(try await scene.store.end(scene.ending(open)) == nil)
                #expect(try await scene.store.watch(open.watch.id) == stopped)

                try await scene.ended("resp_ended")
                let ended = scene.request("resp_ended").id
                #expect(try await scene.store.stopWatch(ended, now: scene.now)?.status == .completed)
                #expect(try await scene.store.stopWatch(WatchID(trusted: "watch_none"), now: scene.now) == nil)
            }
        }
    }

    @Suite("lists watches")
    struct ListingWatches {
        @Test("gives pages newest first that new watches do not shift", arguments: StoreUnderTest.available)
        func pages(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...7 {
                    // Two of each time, so that the id has to decide.
                    if number % 2 == 1 { scene.advance(by: .seconds(1)) }
                    _ = try await scene.store.register(scene.request("resp_\(number)"), now: scene.now)
                }
                let all = try await scene.store.watches(WatchFilter(), page: PageRequest()).elements
                #expect(all.count == 7)
                let newestFirst = all.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
                #expect(all.map(\.id) == newestFirst.map(\.id))

                var seen: [WatchID] = []
                var cursor: PageCursor?
                var pages = 0
                repeat {
                    let page = try await scene.store.watches(WatchFilter(), page: PageRequest(limit: 2, cursor: cursor))
                    seen += page.elements.map(\.id)
                    cursor = page.nextCursor
                    pages += 1
                    scene.advance(by: .seconds(1))
                    _ = try await scene.store.register(scene.request("resp_late_\(pages)"), now: scene.now)
                } while cursor != nil && pages < 10
                #expect(seen == all.map(\.id))
                #expect(pages == 4)
            }
        }

        @Test("ends with a page that is exactly full", arguments: StoreUnderTest.available)
        func fullLastPage(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                for number in 1...2 { _ = try await scene.store.register(scene.request("resp_\(number)"), now: scene.now) }
                let page = try await scene.store.watches(WatchFilter(), page: PageRequest(limit: 2))
                #expect(page.elements.count == 2)
                #expect(page.nextCursor == nil)
            }
        }

        @Test("filters by status, upstream and response", arguments: StoreUnderTest.available)
        func filters(_ kind: StoreUnderTest) async throws {
            try await kind.withScene { scene in
                try await scene.ended("resp_1")
                _ = try await scene.store.register(scene.request("resp_2"), now: scene.now)
                _ = try await scene.store.register(
                    NewWatch(upstream: UpstreamName(trusted: "other"), response: ResponseID(trusted: "resp_3")), now: scene.now
                )
                func found(_ filter: WatchFilter) async throws -> [String] {
                    try await scene.store.watches(filter, page: PageRequest()).elements.map(\.response.rawValue).sorted()
                }
                #expect(try await found(WatchFilter(status: .completed)) == ["resp_1"])
                #expect(try await found(WatchFilter(status: .queued)) == ["resp_2", "resp_3"])
                #expect(try await found(WatchFilter(status: .queued, upstream: scene.upstream)) == ["resp_2"])
                #expect(try await found(WatchFilter(upstream: UpstreamName(trusted: "other"))) == ["resp_3"])
                #expect(try await found(WatchFilter(response: ResponseID(trusted: "resp_2"))) == ["resp_2"])
                #expect(try await found(WatchFilter(status: .failed, response: ResponseID(trusted: "resp_2"))) == [])
            }
        }
    }
}
