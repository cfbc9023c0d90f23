import RingbackCore
import RingbackTesting
import Testing

@testable import Doctor
@testable import StoreSQLite

/// A word for whether somebody holds the store.
enum StoreUserState {
    case held
    case free

    var user: StoreUser? { self == .held ? StoreUser(processID: 17) : nil }
}

@Suite("The doctor judges a store")
struct StoreJudgementTests {
    private let now = ManualTime().wallNow
    private let upstream = UpstreamName(trusted: "default")

    private func findings(isInUse: Bool = true, endpoints: [Endpoint] = [], _ change: (inout StoreReport) -> Void = { _ in }) -> [Finding] {
        var report = StoreReport(schema: 10, newestSchema: 10)
        report.space = .init()
        change(&report)
        return StoreJudgement(
            report, upstreams: [Upstream(name: upstream, baseURL: "https://api.example.com/v1")], endpoints: endpoints, isInUse: isInUse,
            now: now
        ).findings
    }

    private func severities(isInUse: Bool = true, endpoints: [Endpoint] = [], _ change: (inout StoreReport) -> Void) -> [Finding.Severity] {
        findings(isInUse: isInUse, endpoints: endpoints, change).map(\.severity)
    }

    private func endpoint(_ name: String, events: String = "response.*", match: EndpointMatch = EndpointMatch()) -> Endpoint {
        Endpoint(
            name: EndpointName(trusted: name), origin: .configuration,
            target: .webhook(WebhookTarget(url: "https://example.com", secrets: [])), events: [EventPattern(events)].compactMap { $0 },
            match: match)
    }

    @Test("that is whole as whole, and each broken invariant as serious, with its own words")
    func invariants() {
        #expect(findings().map(\.severity) == [.ok])
        var words: Set<String> = []
        for invariant in StoreInvariant.allCases {
            let found = findings { $0.broken = [.init(invariant: invariant, count: 2, examples: ["evt_1", "evt_2"])] }
            #expect(found.map(\.severity) == [.serious])
            #expect(found[0].what.hasSuffix(": 2, such as evt_1, evt_2") && found[0].advice != nil)
            words.insert(found[0].what)
        }
        #expect(words.count == StoreInvariant.allCases.count)
    }

    @Test("whose file is damaged by that alone, and an older one by its file alone")
    func file() {
        #expect(
            severities {
                $0.damage = ["row 3 missing"]; $0.dangling = ["deliveries": 1]
            } == [.serious])
        #expect(severities { $0.schema = 9 } == [.note])
        #expect(severities { $0.dangling = ["deliveries": 1, "responses": 2] } == [.serious, .serious])
        #expect(severities { $0.keyProblem = "the key is gone" } == [.serious])
        #expect(severities { $0.unreadableSecrets = 3 } == [.serious])
    }

    @Test("by what nobody follows or takes over, where a server should")
    func limbo() {
        let stranger = UpstreamName(trusted: "gone")
        #expect(severities { $0.openWatches = [stranger: .init(count: 2, oldest: now)] } == [.serious])
        #expect(severities { $0.openWatches = [upstream: .init(count: 2, oldest: now)] } == [.ok])
        #expect(severities { $0.openWatches = [upstream: .init(count: 2, oldest: now - .seconds(3 * 86_400))] } == [.ok, .note])
        #expect(severities { $0.watchesOfDeadNodes = 1 } == [.serious])
        #expect(severities(isInUse: false) { $0.watchesOfDeadNodes = 1 } == [.ok])
        #expect(severities { $0.oldestSecondLook = now - .seconds(3600) } == [.ok, .note])
        let app = EndpointName(trusted: "app")
        func waiting(due: Duration? = nil, lease: Duration? = nil) -> StoreReport.Waiting {
            var waiting = StoreReport.Waiting()
            waiting.count = 1
            waiting.oldestDue = due.map { now - $0 }
            waiting.oldestLease = lease.map { now - $0 }
            return waiting
        }
        let there = [endpoint("app")]
        #expect(severities(endpoints: there) { $0.waiting = [app: waiting(due: .seconds(5), lease: .seconds(5))] } == [.ok])
        #expect(severities(endpoints: there) { $0.waiting = [app: waiting(due: .seconds(3600))] } == [.ok, .note])
        #expect(severities(endpoints: there) { $0.waiting = [app: waiting(lease: .seconds(3600))] } == [.serious])
        #expect(severities(isInUse: false, endpoints: there) { $0.waiting = [app: waiting(lease: .seconds(3600))] } == [.ok])
        #expect(severities { $0.waiting = [app: waiting(due: .seconds(5))] } == [.ok, .note])
    }

    @Test("by events without the deliveries they should have")
    func missed() {
        func event(named: [String] = [], delivered: [String] = [], type: EventType = .responseCompleted) -> StoreReport.RecentEvent {
            StoreReport.RecentEvent(
                id: EventID(trusted: "evt_1"), type: type, createdAt: now, upstream: upstream, model: "m", status: .completed,
                named: named.map { EndpointName(trusted: $0) }, delivered: Set(delivered.map { EndpointName(trusted: $0) }))
        }
        let app = [endpoint("app")]
        #expect(severities(endpoints: app) { $0.recentEvents = [event(named: ["app"], delivered: ["app"])] } == [.ok])
        #expect(severities(endpoints: app) { $0.recentEvents = [event(named: ["app"])] } == [.serious])
        #expect(severities(endpoints: app) { $0.recentEvents = [event()] } == [.ok, .note])
        #expect(severities(endpoints: app) { $0.recentEvents = [event(delivered: ["app"])] } == [.ok])
        // Not asked for, and not to be told from here.
        #expect(severities(endpoints: [endpoint("app", events: "watch.*")]) { $0.recentEvents = [event(named: ["app"])] } == [.ok])
        let picky = endpoint("app", match: EndpointMatch(metadata: ["team": "a"]))
        #expect(severities(endpoints: [picky]) { $0.recentEvents = [event()] } == [.ok])
    }

    @Test("by room that it cannot give back, and by a log that does not end")
    func space() {
        #expect(
            severities {
                $0.space.file = 1 << 30; $0.space.unused = 800 << 20
            } == [.ok, .note])
        #expect(
            severities {
                $0.space.file = 1 << 30; $0.space.unused = 800 << 20; $0.space.shrinks = true
            } == [.ok])
        #expect(severities { $0.space.log = 2 << 30 } == [.ok, .note])
    }
}
