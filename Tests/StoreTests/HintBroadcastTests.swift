import RingbackCore
import Store
import Testing

@testable import StoreSQLite

@Suite("The hint broadcast")
struct HintBroadcastTests {
    private let broadcast = HintBroadcast()

    @Test("merges what a slow listener has not taken, so that nothing piles up")
    func merging() async {
        var hints = broadcast.listen().makeAsyncIterator()
        for number in 1...1000 {
            broadcast.send(.watchesRegistered)
            broadcast.send(.deliveriesDue([EndpointName(trusted: "endpoint-\(number % 3)")]))
            broadcast.send(.endpointsChanged)
        }
        broadcast.finish()
        var received: [StoreHint] = []
        while let hint = await hints.next() { received.append(hint) }
        #expect(received.count == 3)
        #expect(received.contains(.watchesRegistered))
        #expect(received.contains(.endpointsChanged))
        let due = received.compactMap { hint -> [EndpointName]? in
            guard case .deliveriesDue(let endpoints) = hint else { return nil }
            return endpoints.sorted()
        }
        #expect(due == [(0..<3).map { EndpointName(trusted: "endpoint-\($0)") }])
    }

    @Test("remembers a bounded number of names and ids")
    func bounds() async {
        var hints = broadcast.listen().makeAsyncIterator()
        let many = 0..<(HintMailbox.maximumRemembered + 500)
        for number in many {
            broadcast.send(.watchesStopped([WatchID(trusted: "watch_\(number)")]))
            broadcast.send(.watchesWorthALook([WatchID(trusted: "watch_\(number)")]))
            broadcast.send(.deliveriesDue([EndpointName(trusted: "endpoint-\(number)")]))
        }
        for _ in 0..<3 {
            switch await hints.next() {
            case .watchesStopped(let ids), .watchesWorthALook(let ids): #expect(ids.count == HintMailbox.maximumRemembered)
            case .deliveriesDue(let endpoints), .retriesDue(let endpoints): #expect(endpoints.count == HintMailbox.maximumRemembered)
            case .watchesRegistered, .endpointsChanged, nil: Issue.record("a hint that nobody sent")
            }
        }
    }

    @Test("wakes a listener that waits")
    func waking() async {
        let stream = broadcast.listen()
        async let first = stream.first { _ in true }
        broadcast.send(.watchesRegistered)
        #expect(await first == .watchesRegistered)
    }

    @Test("lets a cancelled listener go")
    func cancellation() async {
        let stream = broadcast.listen()
        let listener = Task { for await _ in stream {} }
        listener.cancel()
        await listener.value
    }

    @Test("gives nothing to who listens after the end")
    func afterTheEnd() async {
        broadcast.finish()
        #expect(await broadcast.listen().first { _ in true } == nil)
    }
}
