import RingbackCore
import Testing

@testable import Inbox

@Suite("The name of a claimed file")
struct ClaimedNameTests {
    private let now = Timestamp(milliseconds: 1_795_414_328_999)  // 2026-11-23T06:12:08.999Z

    @Test("tells when it was claimed and for how long, and what it goes back to", arguments: [nil, Duration.seconds(600)])
    func form(lease: Duration?) throws {
        let claim = try #require(ClaimedName(claiming: "20261123T061208Z.resp_1.completed.json", at: now, lease: lease))
        let mark = lease == nil ? "20261123T061208Z" : "20261123T061208Z-600s"
        #expect(claim.json.hasPrefix("20261123T061208Z.resp_1.completed.claimed-\(mark)-"))
        #expect(claim.original == "20261123T061208Z.resp_1.completed.json")
        #expect(claim.text == claim.json.dropLast(".json".count) + ".txt")
        #expect(claim.originalText == "20261123T061208Z.resp_1.completed.txt")
        #expect(ClaimedName(claim.json) == claim)
    }

    @Test("is another one for every claim of the same second")
    func unique() {
        let names = (0..<1000).compactMap { _ in ClaimedName(claiming: "a.json", at: now, lease: .seconds(1))?.json }
        #expect(Set(names).count == 1000)
    }

    @Test("never ends a lease early, whatever was rounded", arguments: [Duration.seconds(1), .milliseconds(1500), .seconds(600)])
    func rounding(lease: Duration) throws {
        let claim = try #require(ClaimedName(claiming: "a.json", at: now, lease: lease))
        let read = try #require(ClaimedName(claim.json))
        #expect(!read.hasRunOut(now: now + lease - .milliseconds(1)))
        #expect(claim.hasRunOut(now: now + lease + .seconds(2)))
    }

    @Test("without a lease never runs out")
    func withoutLease() throws {
        let claim = try #require(ClaimedName(claiming: "a.json", at: now, lease: nil))
        #expect(!claim.hasRunOut(now: now + .seconds(365 * 86_400)))
    }

    @Test("made before the clock was set back by more than the lease has run out; by less, it waits no longer than twice the lease")
    func clockSetBack() throws {
        let claim = try #require(ClaimedName(claiming: "a.json", at: now, lease: .seconds(600)))
        #expect(claim.hasRunOut(now: now - .seconds(700)))
        #expect(!claim.hasRunOut(now: now - .seconds(500)))
        #expect(claim.hasRunOut(now: now - .seconds(500) + .seconds(1200)))
    }

    @Test(
        "is read only where it has exactly that form",
        arguments: [
            "a.json", "a.claimed-.json", "a.claimed-20261123T061208Z.json", "a.claimed-20261123T061208Z-0123456789a.json",
            "a.claimed-20261323T061208Z-0123456789ab.json", "a.claimed-20261123T061208Z-0s-0123456789ab.json",
            "a.claimed-20261123T061208Z--1s-0123456789ab.json", "a.claimed-20261123T061208Z-99999999999999999999s-0123456789ab.json",
            "a.claimed-20261123T061208Z-600s-0123456789ab.txt", "a.claimed-20261123T061208Z-600-0123456789ab.json",
        ])
    func malformed(name: String) {
        #expect(ClaimedName(name) == nil)
    }

    @Test("may stand behind a name that looks like a claim itself")
    func nested() throws {
        let name = "a.claimed-20261123T061208Z-600s-0123456789ab.json"
        let claim = try #require(ClaimedName(claiming: name, at: now, lease: nil))
        #expect(ClaimedName(claim.json)?.original == name)
    }

    @Test(
        "is given to plain names only",
        arguments: [
            ("a.json", true), ("20261123T061208Z..=2E=2E.completed.json", true), (".a.json", false), (".json", false), ("a.txt", false),
            ("a b.json", false), ("a\n.json", false), ("-rf.json", false), ("caf\u{E9}.json", false), ("\u{FFFD}.json", false),
            (String(repeating: "a", count: 195) + ".json", true), (String(repeating: "a", count: 240) + ".json", false),
        ])
    func fitness(name: String, isFit: Bool) throws {
        #expect(ClaimedName.isFit(name) == isFit)
        let claim = ClaimedName(claiming: name, at: now, lease: ClaimedName.leases.upperBound)
        #expect((claim != nil) == isFit)
        if let claim { #expect(claim.json.utf8.count <= 255) }
    }
}
