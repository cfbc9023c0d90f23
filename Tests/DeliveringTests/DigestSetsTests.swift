import RingbackCore
import Testing

@testable import Delivering

@Suite("The sets of a digest")
struct DigestSetsTests {
    private let room: EndpointName = "room"

    private func ids(_ names: String...) -> [DeliveryID] {
        names.map { DeliveryID(event: EventID(type: .ringbackTest, occasion: $0), endpoint: room) }
    }

    @Test("are whatever a claim brings, as long as nothing failed")
    func fresh() {
        var sets = DigestSets()
        #expect(sets.next(of: ids("a", "b", "c"), to: room) == Set(ids("a", "b", "c")))
    }

    @Test("stay together after a failure, beside others that are due")
    func together() {
        var sets = DigestSets()
        sets.failed(Set(ids("a", "b")), to: room)
        #expect(sets.next(of: ids("x", "a", "y", "b"), to: room) == Set(ids("a", "b")))
        #expect(sets.next(of: ids("x", "y"), to: room) == Set(ids("x", "y")))
    }

    @Test("wait for their rest while there is something else to send")
    func incomplete() {
        var sets = DigestSets()
        sets.failed(Set(ids("a", "b", "c")), to: room)
        #expect(sets.next(of: ids("a", "b", "x"), to: room) == Set(ids("x")))
        #expect(sets.next(of: ids("a", "b", "c"), to: room) == Set(ids("a", "b", "c")))
    }

    @Test("come apart when there is nothing else, so that nothing waits for ever")
    func givenUp() {
        var sets = DigestSets()
        sets.failed(Set(ids("a", "b", "c")), to: room)
        sets.failed(Set(ids("d", "e")), to: room)
        #expect(sets.next(of: ids("a", "b", "d"), to: room) == Set(ids("a", "b")))
        // What is left of it is a delivery like any other.
        #expect(sets.next(of: ids("c", "d"), to: room) == Set(ids("c")))
    }

    @Test("are forgotten with their end, and are nobody's at another endpoint")
    func ended() {
        var sets = DigestSets()
        sets.failed(Set(ids("a", "b")), to: room)
        #expect(sets.next(of: ids("a", "x"), to: "other") == Set(ids("a", "x")))
        sets.ended(Set(ids("a", "b")), to: room)
        #expect(sets == DigestSets())
        sets.failed(Set(ids("a")), to: room)
        #expect(sets == DigestSets(), "one delivery is no set")
    }

    @Test("are bounded")
    func bounded() {
        var sets = DigestSets()
        for number in 0..<(DigestSets.maximumSets + 1) { sets.failed(Set(ids("a\(number)", "b\(number)")), to: room) }
        #expect(sets.next(of: ids("a0", "b0", "x"), to: room) == Set(ids("a0", "b0", "x")))
        #expect(sets.next(of: ids("a1", "b1", "x"), to: room) == Set(ids("a1", "b1")))
    }
}
