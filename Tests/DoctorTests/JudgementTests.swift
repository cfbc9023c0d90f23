import AddressGuard
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport

@testable import Doctor

@Suite("The doctor judges")
struct JudgementTests {
    private let now = ManualTime().wallNow

    @Test(
        "a clock by the middle one of all that were asked",
        arguments: [
            ([0], Finding.Severity.ok), ([4], .ok), ([60], .note), ([-299], .note), ([301], .serious), ([-400, 0, 1], .ok),
            ([400, 500, 0], .serious),
        ] as [([Int], Finding.Severity)])
    func clock(skews: [Int], severity: Finding.Severity) throws {
        let named = Dictionary(uniqueKeysWithValues: skews.enumerated().map { ("upstream-\($0.offset)", Duration.seconds($0.element)) })
        let finding = try #require(ClockJudgement.finding(named))
        #expect(finding.severity == severity, "\(finding.what)")
    }

    @Test("says which way the clock is wrong")
    func direction() {
        #expect(ClockJudgement.finding(["a": .seconds(60)])?.what == "this machine's clock is 1m behind that of 'a'")
        #expect(ClockJudgement.finding(["a": .seconds(-61)])?.what == "this machine's clock is 61s ahead of that of 'a'")
        #expect(ClockJudgement.finding([:]) == nil)
    }

    @Test(
        "certificates by the one that expires first",
        arguments: [
            (-1.0, Finding.Severity.serious), (0, .serious), (0.5, .note), (13.9, .note), (14.1, .ok),
        ] as [(Double, Finding.Severity)])
    func certificate(days: Double, severity: Finding.Severity) throws {
        let expires = now + .milliseconds(Int64(days * 86_400_000))
        let look = ServerLook(certificates: [
            ServerLook.Certificate(subject: "CN = a", expires: now + .seconds(300 * 86_400)),
            ServerLook.Certificate(subject: "CN = b", expires: expires),
        ])
        let finding = try #require(CertificateJudgement.finding("endpoint app", look, now: now))
        #expect(finding.severity == severity)
        #expect(finding.what.contains(String(expires.rfc3339.prefix(10))) == true)
        #expect(CertificateJudgement.finding("x", ServerLook(), now: now) == nil)
    }

    @Test(
        "an upstream by what it answers to a question about a response that does not exist",
        arguments: [
            (404, Finding.Severity.ok, "takes the key"), (400, .ok, "takes the key"),
            (401, .serious, "refuses the key with 401: \"wrong key\""),
            (403, .serious, "refuses the key"), (429, .note, "429"), (302, .serious, "redirect"), (503, .serious, "in trouble"),
            (200, .note, "200"),
        ])
    func upstream(status: Int, severity: Finding.Severity, words: String) {
        let outcome = UpstreamFacts.Outcome.answered(status: status, message: "wrong key", isJSON: true)
        let finding = UpstreamJudgement.finding(facts(outcome))
        #expect(finding.severity == severity)
        #expect(finding.what.contains(words), "\(finding.what)")
        #expect((finding.advice == nil) == (severity == .ok))
    }

    @Test("an upstream that does not answer, that is no Responses API, and one whose keys come from clients")
    func otherUpstreams() {
        #expect(UpstreamJudgement.finding(facts(.failed(.connectTimeout))).severity == .serious)
        #expect(UpstreamJudgement.finding(facts(.answered(status: 404, message: nil, isJSON: false))).severity == .note)
        #expect(UpstreamJudgement.finding(facts(.answered(status: 401, message: nil, isJSON: true), isPassthrough: true)).severity == .ok)
    }

    private func facts(_ outcome: UpstreamFacts.Outcome, isPassthrough: Bool = false) -> UpstreamFacts {
        UpstreamFacts(
            name: UpstreamName(trusted: "default"), url: "https://api.example.com/v1", hasKey: !isPassthrough, bringsOwnKey: isPassthrough,
            outcome: outcome)
    }

    @Test("an endpoint by the guard first, then by what its server shows")
    func endpoint() throws {
        let name = EndpointName(trusted: "app")
        func severities(_ target: EndpointFacts.Target, _ verdict: GuardExplanation.Outcome? = nil, disabled: String? = nil) -> [Finding
            .Severity]
        {
            EndpointJudgement.findings(EndpointFacts(name: name, target: target, verdict: verdict, disabledReason: disabled), now: now)
                .map(\.severity)
        }
        let refusal = try #require(throws: GuardRefusal.self) { try CallbackGuard().judge("http://127.0.0.1/hook") }
        let soon = ServerLook.Certificate(subject: "CN = a", expires: now + .seconds(86_400))
        #expect(severities(.server("u", ServerLook())) == [.ok])
        #expect(severities(.server("u", ServerLook()), .refused(refusal)) == [.serious])
        #expect(severities(.server("u", nil), .unresolved("no such name")) == [.serious])
        #expect(severities(.server("u", ServerLook(certificates: [soon])), .allowed) == [.ok, .note])
        #expect(severities(.server("u", ServerLook(error: .tls("expired"), certificates: [soon]))) == [.serious, .note])
        #expect(severities(.server("u", ServerLook(error: .connectTimeout))) == [.note])
        #expect(severities(.directory("in", trouble: nil), disabled: "410") == [.note, .ok])
        #expect(severities(.directory("in", trouble: "is no directory")) == [.serious])
        #expect(severities(.other("it runs a command")) == [.ok])
    }

    @Test("the server by whether somebody holds the store and who answers")
    func server() {
        func severities(_ user: StoreUserState, _ answer: ServerFacts.Answer) -> [Finding.Severity] {
            ServerJudgement.findings(ServerFacts(address: "http://127.0.0.1:8787", user: user.user, answer: answer)).map(\.severity)
        }
        #expect(severities(.held, .ready) == [.ok])
        #expect(severities(.held, .notReady(["a", "b"])) == [.serious, .serious])
        #expect(severities(.held, .failed(.connectTimeout)) == [.serious])
        #expect(severities(.held, .stranger(status: 200)) == [.serious])
        #expect(severities(.free, .failed(.connectTimeout)) == [.note])
        #expect(severities(.free, .ready) == [.note])
        #expect(severities(.free, .stranger(status: 404)) == [.serious])
    }

    @Test("the machine by what the upstreams may need")
    func machine() {
        func severities(_ change: (inout MachineFacts) -> Void) -> [Finding.Severity] {
            var facts = MachineFacts(streams: 10_000, largestUpstream: 10_000)
            change(&facts)
            return MachineJudgement.findings(facts).map(\.severity)
        }
        #expect(severities { $0.openFiles = 65_536 } == [.ok])
        #expect(severities { $0.openFiles = 10_500 } == [.note])
        #expect(severities { $0.openFiles = 200 } == [.serious])
        #expect(severities { $0.ports = 28_232 } == [.ok])
        #expect(severities { $0.ports = 5_000 } == [.note])
        #expect(severities { $0.memory = 100 << 20 } == [.note])
        #expect(severities { $0.memory = 4 << 30 } == [.ok])
        func disk(free: Int, files: Int? = nil) -> MachineFacts.Disk {
            MachineFacts.Disk(path: "/d/ringback.db", free: free, size: 100 << 30, freeFiles: files)
        }
        #expect(severities { $0.disk = disk(free: 50 << 30, files: 5_000) } == [.ok])
        #expect(severities { $0.disk = disk(free: 500 << 20) } == [.note])
        #expect(severities { $0.disk = disk(free: 10 << 20) } == [.serious])
        #expect(severities { $0.disk = disk(free: 50 << 30, files: 10) } == [.serious])
    }

    @Test("reads the limits as Linux writes them")
    func limits() {
        let limits = "Limit                     Soft Limit\nMax open files            1024                 524288               files\n"
        #expect(MachineProbe.openFiles(limits) == 1024)
        #expect(MachineProbe.openFiles("Max open files            unlimited            unlimited            files") == .max)
        #expect(MachineProbe.openFiles(nil) == nil)
        #expect(MachineProbe.ports("32768\t60999\n") == 28_232)
        #expect(MachineProbe.ports("garbage") == nil)
        #expect(MachineProbe.memory("MemTotal: 9 kB\nMemAvailable:    2048 kB\n", limit: "max\n", used: "5") == 2 << 20)
        #expect(MachineProbe.memory("MemAvailable:    2048 kB\n", limit: "1000\n", used: "400\n") == 600)
        #expect(MachineJudgement.size(1536 << 20) == "1.5 GiB")
    }
}
