import RingbackCore
import Store
import Testing

@testable import Delivering

@Suite("The table of lanes")
struct LaneTableTests {
    let shop = EndpointName(trusted: "shop")
    let other = EndpointName(trusted: "other")

    static func callback(_ index: Int) -> EndpointName {
        EndpointName(callbackOf: WatchID(trusted: "watch_\(index)"))
    }

    @Test("reserves as many places as an endpoint has, and again as soon as one is free")
    func reserve() {
        let table = Lanes()
        let granted = (0..<10).map { _ in table.reserve(shop, places: 3) }
        #expect(granted == [true, true, true] + Array(repeating: false, count: 7))
        #expect(table.reserve(other, places: 3), "another lane has its own places")
        table.accept(shop, isRetry: false)
        #expect(!table.reserve(shop, places: 3), "a delivery under way holds its place")
        table.attemptEnded(shop, isRetry: false)
        #expect(table.reserve(shop, places: 3))
        table.cancel(shop)
        #expect(table.reserve(shop, places: 3))
    }

    @Test("reserves nothing for a disabled endpoint")
    func reserveDisabled() {
        let table = Lanes()
        #expect(!table.reserve(shop, places: 0))
    }

    @Test("sends newcomers behind those who wait in the store")
    func newcomers() {
        let table = Lanes()
        table.look(at: shop)
        #expect(!table.reserve(shop, places: 16))
        let claim = table.claim()
        #expect(claim.map(\.endpoint) == [shop])
        table.endClaim(claim, found: [shop: (2, 0)])
        #expect(table.reserve(shop, places: 16), "the store had less than was asked for: nobody waits")
    }

    @Test("claims nothing without a reason")
    func idle() {
        let table = Lanes()
        #expect(table.claim().isEmpty)
        #expect(table.reserve(shop, places: 16))
        #expect(table.claim().isEmpty)
    }

    @Test("claims for the free places only, one claim at a time, and again when the store had more")
    func claims() {
        let table = Lanes()
        #expect(table.reserve(shop, places: 16))
        table.accept(shop, isRetry: false)
        table.look(at: other)
        let first = table.claim()
        table.look(at: shop)
        #expect(table.claim().isEmpty, "a claim is under way")
        table.endClaim(first, found: [:])
        let second = table.claim()
        #expect(second.map(\.limit) == [15])
        table.endClaim(second, found: [shop: (15, 3)])
        #expect(table.inFlight == 16)
        #expect(table.claim().isEmpty, "no place is free")
        table.attemptEnded(shop, isRetry: true)
        #expect(table.claim().map(\.limit) == [1])
    }

    @Test("asks again after a hint that came while the store was being asked")
    func hintDuringClaim() {
        let table = Lanes()
        table.look(at: shop)
        let claim = table.claim()
        table.look(at: shop)
        table.endClaim(claim, found: [:])
        #expect(table.claim().map(\.endpoint) == [shop])
    }

    @Test("asks again after the store failed, and holds no place meanwhile")
    func failedClaim() {
        let table = Lanes()
        table.look(at: shop)
        table.endClaim(table.claim(), found: nil)
        #expect(table.inFlight == 0)
        #expect(table.claim().map(\.endpoint) == [shop])
    }

    @Test("looks at a lane when its time has come, not before")
    func wakeUps() {
        let table = Lanes()
        table.look(at: shop, from: start + .seconds(5), now: start)
        table.look(at: shop, from: start + .seconds(30), now: start)
        #expect(table.nextWakeUp == start + .seconds(5))
        #expect(table.claim(now: start + .milliseconds(4999)).isEmpty)
        table.endClaim(table.claim(now: start + .seconds(5)), found: [shop: (1, 1)])
        #expect(table.nextWakeUp == start + .seconds(30), "the second retry is not forgotten with the first")
        #expect(table.claim(now: start + .seconds(30)).map(\.endpoint) == [shop])
    }

    @Test("keeps no time that is far away, and no more of them than it may")
    func boundedWakeUps() {
        let table = Lanes(LaneTable.Bounds(wakeUps: 2))
        table.look(at: shop, from: start + LaneTable.horizon + .milliseconds(1), now: start)
        #expect(table.nextWakeUp == nil)
        table.look(at: shop, from: start + .seconds(3), now: start)
        table.look(at: shop, from: start + .seconds(3), now: start)
        table.look(at: shop, from: start + .seconds(2), now: start)
        table.look(at: shop, from: start + .seconds(1), now: start)
        #expect(table.nextWakeUp == start + .seconds(2))
    }

    @Test("leaves a disabled endpoint alone until something changes")
    func disabled() {
        let table = Lanes()
        table.look(at: shop)
        #expect(table.claim(places: 0).isEmpty)
        #expect(!table.wantsToClaim)
        table.look(at: shop)
        #expect(!table.wantsToClaim, "a hint does not enable it")
        table.lookAtBlockedLanes()
        #expect(table.claim().map(\.endpoint) == [shop])
    }

    @Test("keeps a quarter of the places for retries", arguments: [(2, 1), (3, 1), (4, 1), (8, 2), (16, 4), (100, 25)])
    func retryShare(places: Int, share: Int) {
        let table = Lanes()
        table.look(at: shop)
        let claim = table.claim(places: places)
        #expect(
            claim == [DeliveryClaim.Lane(endpoint: shop, limit: places, reservedForRetries: share, retryLimit: places - share)])
        table.endClaim(claim, found: [shop: (places, share)])
        table.attemptEnded(shop, isRetry: false)
        let next = table.claim(places: places)
        #expect(next.map(\.reservedForRetries) == [0], "as many retries as are due to them are under way")
        table.endClaim(next, found: [shop: (1, 0)])
        table.attemptEnded(shop, isRetry: true)
        #expect(table.claim(places: places).map(\.reservedForRetries) == [1])
    }

    @Test("keeps a quarter of the places for first attempts, so that a heap of retries does not delay a newcomer")
    func firstShare() {
        let table = Lanes()
        table.look(at: shop, onlyForRetries: true)
        let claim = table.claim()
        #expect(claim.map(\.limit) == [12])
        table.endClaim(claim, found: [shop: (12, 12)])
        #expect(!table.wantsToClaim || table.claim().isEmpty, "retries have all they may have")
        let granted = (0..<5).map { _ in table.reserve(shop, places: 16) }
        #expect(granted == [true, true, true, true, false])
    }

    @Test("sends newcomers past retries that wait in the store, and behind first attempts that do")
    func newcomersAndRetries() {
        let table = Lanes()
        table.look(at: shop, onlyForRetries: true)
        #expect(table.reserve(shop, places: 16))
        table.look(at: shop)
        #expect(!table.reserve(shop, places: 16))
        // The store had one first attempt and more retries than may go: no first attempt is left.
        table.endClaim(table.claim(), found: [shop: (13, 12)])
        #expect(table.reserve(shop, places: 16))
    }

    @Test("looks for first attempts when it hears of them, even while retries hold all they may have")
    func hintWhileBlocked() {
        let table = Lanes()
        table.look(at: shop, onlyForRetries: true)
        table.endClaim(table.claim(), found: [shop: (12, 12)])
        #expect(table.claim().isEmpty)
        table.look(at: shop, onlyForRetries: true)
        #expect(!table.wantsToClaim)
        table.look(at: shop)
        #expect(table.claim() == [DeliveryClaim.Lane(endpoint: shop, limit: 4, reservedForRetries: 0, retryLimit: 0)])
    }

    @Test("gives retries no more than half of all places, however many endpoints they are for")
    func retriesInAll() {
        let table = Lanes(LaneTable.Bounds(inAll: 100))
        for index in 0..<20 { table.look(at: EndpointName(trusted: "dead-\(index)"), onlyForRetries: true) }
        let claim = table.claim()
        #expect(claim.map(\.limit).reduce(0, +) == 50)
        table.endClaim(claim, found: Dictionary(uniqueKeysWithValues: claim.map { ($0.endpoint, ($0.limit, $0.limit)) }))
        #expect(table.claim().isEmpty)
        #expect((0..<16).count { _ in table.reserve(shop, places: 16) } == 16)
    }

    @Test("takes a token per delivery, by whatever way it comes, and gives back what brought nothing")
    func tokens() throws {
        let table = Lanes()
        let allowance = LaneAllowance(places: 16, rate: RateLimit(text: "5/s"))
        let granted = (0..<7).map { _ in table.reserve(shop, allowance) }
        #expect(granted == Array(repeating: true, count: 5) + [false, false])
        table.cancel(shop)
        table.cancel(shop)
        table.look(at: shop)
        let claim = table.claim(allowance)
        #expect(claim.map(\.limit) == [2])
        table.endClaim(claim, found: [shop: (1, 0)])
        #expect(table.reserve(shop, allowance))
        #expect(!table.reserve(shop, allowance))
    }

    @Test("wakes up for the next token only while something waits")
    func tokenWakeUps() throws {
        let table = Lanes()
        let allowance = LaneAllowance(places: 16, rate: RateLimit(text: "10/m"))
        #expect(table.reserve(shop, allowance))
        #expect(!table.reserve(shop, allowance))
        #expect(table.nextWakeUp == nil, "nobody waits")
        table.look(at: shop)
        #expect(table.claim(allowance).isEmpty)
        #expect(table.nextWakeUp == start + .seconds(6))
        #expect(!table.wantsToClaim)
        table.look(at: shop)
        #expect(!table.wantsToClaim, "a hint brings no token")
        #expect(table.claim(allowance, now: start + .milliseconds(5999)).isEmpty)
        let claim = table.claim(allowance, now: start + .seconds(6))
        #expect(claim.map(\.limit) == [1])
        table.endClaim(claim, found: [:])
        #expect(table.nextWakeUp == nil && !table.wantsToClaim)
    }

    @Test("asks for several tokens' worth at once where the rate is high")
    func shortestPause() throws {
        let table = Lanes()
        let allowance = LaneAllowance(places: 1000, rate: RateLimit(text: "500/s"))
        table.look(at: shop)
        table.endClaim(table.claim(allowance), found: [shop: (500, 0)])
        #expect(table.claim(allowance).isEmpty)
        let next = try #require(table.nextWakeUp)
        #expect(next == start + LaneTable.shortestPause)
        #expect(table.claim(allowance, now: next).map(\.limit) == [10])
    }

    @Test("claims nothing for an endpoint whose circuit breaker is open, and one delivery when it is time for a probe")
    func breaker() {
        let table = Lanes()
        let open = LaneAllowance(places: 1, notBefore: start + .seconds(15))
        table.look(at: shop)
        #expect(table.claim(open).isEmpty)
        #expect(!table.reserve(shop, open))
        #expect(table.nextWakeUp == start + .seconds(15))
        let due = start + .seconds(15)
        let claim = table.claim(LaneAllowance(places: 1), now: due)
        #expect(claim.map(\.limit) == [1])
        table.endClaim(claim, found: [shop: (1, 0)])
        #expect(table.claim(LaneAllowance(places: 1), now: due).isEmpty, "the probe is under way")
        table.attemptEnded(shop, isRetry: false)
        #expect(table.claim(LaneAllowance(places: 16), now: due).map(\.limit) == [16])
    }

    @Test("lets retries into a single place only while no first attempt waits")
    func singlePlace() {
        let table = Lanes()
        table.look(at: shop)
        for turn in 1...8 {
            let claim = table.claim(places: 1)
            #expect(claim.map(\.reservedForRetries) == [0])
            #expect(claim.map(\.retryLimit) == [1])
            let isRetry = turn > 6
            table.endClaim(claim, found: [shop: (1, isRetry ? 1 : 0)])
            table.attemptEnded(shop, isRetry: isRetry)
        }
    }

    @Test("counts outcomes that are not on record yet among the places in all")
    func recording() {
        let table = Lanes(LaneTable.Bounds(inAll: 1))
        #expect(table.reserve(shop, places: 16))
        table.accept(shop, isRetry: false)
        table.attemptEnded(shop, isRetry: false)
        #expect(!table.reserve(shop, places: 16))
        table.recorded()
        #expect(table.reserve(shop, places: 16))
    }

    @Test("keeps the last quarter of all places for endpoints that have nothing under way")
    func idleLanes() {
        let table = Lanes(LaneTable.Bounds(inAll: 100))
        let busy = (0..<1000).count { _ in table.reserve(shop, places: 1000) }
        #expect(busy == 75)
        let idle = (0..<1000).count { table.reserve(EndpointName(trusted: "endpoint-\($0)"), places: 1000) }
        #expect(idle == 25)
        #expect(table.reserved == 100)
    }

    @Test("gives callbacks no more than half of all places, by whatever way they come")
    func callbacks() {
        let table = Lanes(LaneTable.Bounds(inAll: 100))
        let reserved = (0..<30).count { table.reserve(Self.callback($0), places: 16) }
        #expect(reserved == 30)
        for index in 100..<200 { table.look(at: Self.callback(index)) }
        let claim = table.claim()
        #expect(claim.map(\.limit).reduce(0, +) == 20)
        #expect(!table.reserve(Self.callback(999), places: 16))
        #expect(table.reserve(shop, places: 16), "an endpoint is not delayed by them")
        table.endClaim(claim, found: [:])
        #expect(table.reserve(Self.callback(999), places: 16))
    }

    @Test("serves lanes in turn when the places in all are scarce")
    func turns() {
        let table = Lanes(LaneTable.Bounds(inAll: 1))
        let names = ["a", "b", "c"].map { EndpointName(trusted: $0) }
        for name in names { table.look(at: name) }
        var served: [EndpointName] = []
        for _ in 0..<6 {
            let claim = table.claim()
            served += claim.map(\.endpoint)
            table.endClaim(claim, found: Dictionary(uniqueKeysWithValues: claim.map { ($0.endpoint, ($0.limit, 0)) }))
            for lane in claim {
                table.attemptEnded(lane.endpoint, isRetry: false)
                table.recorded()
            }
        }
        #expect(served == names + names)
    }

    @Test("bounds rows and lanes of one claim, and leaves callbacks their share of the lanes")
    func claimBounds() {
        let table = Lanes()
        for index in 0..<20 {
            table.look(at: EndpointName(trusted: "endpoint-\(index)"))
            table.look(at: Self.callback(index))
        }
        let narrow = table.claim(rows: 40)
        #expect(narrow.map(\.limit) == [16, 16, 8])
        table.endClaim(narrow, found: nil)
        let claim = table.claim(lanes: 10)
        #expect(claim.count == 10)
        #expect(claim.count { $0.endpoint.isCallback } == 5)
    }

    @Test("remembers a bounded number of lanes and forgets idle ones")
    func boundedLanes() {
        let table = Lanes(LaneTable.Bounds(lanes: 10))
        for index in 0..<100 { table.look(at: Self.callback(index)) }
        #expect(table.counts.count == 10)
        #expect(!table.reserve(shop, places: 16))
        let claim = table.claim()
        table.endClaim(claim, found: [:])
        #expect(table.counts.isEmpty)
        #expect(table.reserve(shop, places: 16))
    }

    @Test("never promises more than its bounds and loses no place, whatever happens in whatever order", arguments: 0..<40)
    func randomTraffic(_ index: Int) {
        let seed = UInt64(index) &+ 4711
        var chance = SeededGenerator(seed: seed)
        let bounds = LaneTable.Bounds(inAll: Int.random(in: 1...40, using: &chance), lanes: 30)
        let table = Lanes(bounds)
        let names = (0..<6).map { EndpointName(trusted: "e\($0)") } + (0..<6).map { Self.callback($0) }
        var reserved: [EndpointName] = []
        var flying: [(EndpointName, Bool)] = []
        var recording = 0
        var claim: [DeliveryClaim.Lane] = []
        for _ in 0..<3000 {
            let name = names[Int.random(in: 0..<names.count, using: &chance)]
            switch Int.random(in: 0..<9, using: &chance) {
            case 0, 1: if table.reserve(name, places: 4) { reserved.append(name) }
            case 2: if let last = reserved.popLast() { table.cancel(last) }
            case 3:
                if let last = reserved.popLast() {
                    table.accept(last, isRetry: false)
                    flying.append((last, false))
                }
            case 4: table.look(at: name)
            case 5:
                if claim.isEmpty { claim = table.claim(rows: Int.random(in: 1...20, using: &chance), lanes: 4, places: 4) }
            case 6:
                guard !claim.isEmpty else { continue }
                var found: [EndpointName: (Int, Int)] = [:]
                for lane in claim {
                    let deliveries = Int.random(in: 0...lane.limit, using: &chance)
                    let retries = Int.random(in: 0...deliveries, using: &chance)
                    found[lane.endpoint] = (deliveries, retries)
                    flying += (0..<deliveries).map { (lane.endpoint, $0 < retries) }
                }
                table.endClaim(claim, found: found)
                claim = []
            case 7:
                guard !flying.isEmpty else { continue }
                let (endpoint, isRetry) = flying.remove(at: Int.random(in: 0..<flying.count, using: &chance))
                table.attemptEnded(endpoint, isRetry: isRetry)
                recording += 1
            default:
                guard recording > 0 else { continue }
                table.recorded()
                recording -= 1
            }
            let asked = claim.map(\.limit).reduce(0, +)
            #expect(table.reserved == reserved.count, "seed \(seed)")
            #expect(table.inFlight == flying.count + asked, "seed \(seed)")
            #expect(table.reserved + table.inFlight + table.recording <= bounds.inAll, "seed \(seed)")
            #expect(table.counts.allSatisfy { $0.reserved + $0.inFlight <= 4 + Lane.maximumAhead }, "seed \(seed)")
            let callbacks = table.counts.filter(\.endpoint.isCallback).reduce(0) { $0 + $1.reserved + $1.inFlight }
            #expect(callbacks <= (bounds.inAll + 1) / 2, "seed \(seed)")
        }
        if !claim.isEmpty { table.endClaim(claim, found: [:]) }
        for name in reserved { table.cancel(name) }
        for (name, isRetry) in flying { table.attemptEnded(name, isRetry: isRetry) }
        for _ in 0..<(recording + flying.count) { table.recorded() }
        #expect(table.reserved == 0 && table.inFlight == 0 && table.recording == 0, "seed \(seed)")
        // What still is in the table only waits to be claimed; when nothing is found for it, nothing is left.
        let calm = start + LaneTable.flowOfEvents
        repeat { table.endClaim(table.claim(now: calm, lanes: 100, places: 4), found: [:]) } while table.wantsToClaim
        #expect(table.counts.isEmpty, "seed \(seed)")
    }
}

/// A table in a box: what a test does to it can stand inside an expectation.
private final class Lanes {
    private var table: LaneTable

    init(_ bounds: LaneTable.Bounds = LaneTable.Bounds()) {
        table = LaneTable(bounds)
    }

    var reserved: Int { table.reserved }
    var inFlight: Int { table.inFlight }
    var recording: Int { table.recording }
    var wantsToClaim: Bool { table.wantsToClaim }
    var nextWakeUp: Timestamp? { table.nextWakeUp }
    var counts: [DeliverySnapshot.LaneCount] { table.counts }

    func reserve(_ endpoint: EndpointName, places: Int) -> Bool { reserve(endpoint, LaneAllowance(places: places)) }
    func reserve(_ endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp = start) -> Bool {
        table.reserve(endpoint, allowance, now: now)
    }
    func cancel(_ endpoint: EndpointName) { table.cancel(endpoint) }
    func accept(_ endpoint: EndpointName, isRetry: Bool) {
        table.accept(endpoint, isRetry: isRetry)
        table.start(endpoint, isRetry: isRetry)
    }
    func attemptEnded(_ endpoint: EndpointName, isRetry: Bool) { table.attemptEnded(endpoint, isRetry: isRetry) }
    func recorded() { table.recorded() }
    func look(at endpoint: EndpointName, onlyForRetries: Bool = false) { table.look(at: endpoint, onlyForRetries: onlyForRetries) }
    func look(at endpoint: EndpointName, from time: Timestamp, now: Timestamp) { table.look(at: endpoint, from: time, now: now) }
    func lookAtBlockedLanes() { table.lookAtBlockedLanes() }

    func claim(now: Timestamp = start, rows: Int = 500, lanes: Int = 100, places: Int = 16) -> [DeliveryClaim.Lane] {
        claim(LaneAllowance(places: places), now: now, rows: rows, lanes: lanes)
    }

    func claim(_ allowance: LaneAllowance, now: Timestamp = start, rows: Int = 500, lanes: Int = 100) -> [DeliveryClaim.Lane] {
        table.beginClaim(now: now, rows: rows, laneCount: lanes) { _ in allowance }
    }

    func endClaim(_ claim: [DeliveryClaim.Lane], found: [EndpointName: (deliveries: Int, retries: Int)]?) {
        table.endClaim(claim, found: found)
        // There is a place for everything, where a test does not say otherwise.
        for (endpoint, (deliveries, retries)) in found ?? [:] {
            for index in 0..<deliveries { table.start(endpoint, isRetry: index < retries) }
        }
    }
}
