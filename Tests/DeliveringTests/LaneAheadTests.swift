import RingbackCore
import Store
import Testing

@testable import Delivering

@Suite("A lane that works ahead")
struct LaneAheadTests {
    private let shop = EndpointName(trusted: "shop")
    private static let allowance = {
        var allowance = LaneAllowance(places: 4)
        allowance.worksAhead = true
        return allowance
    }()

    private func claim(_ table: inout LaneTable) -> [DeliveryClaim.Lane] {
        table.beginClaim(now: start, rows: 500, laneCount: 100) { _ in Self.allowance }
    }

    /// Starts what may start, of an endless supply in hand.
    private func startAll(_ table: inout LaneTable, firsts: Int, retries: Int = 0) -> [AttemptKind] {
        var (firsts, retries) = (firsts, retries)
        var started: [AttemptKind] = []
        while let kind = table.nextKind(shop, places: 4, hasFirst: firsts > 0, hasRetry: retries > 0) {
            table.start(shop, isRetry: kind == .retry)
            if kind == .first { firsts -= 1 } else { retries -= 1 }
            started.append(kind)
        }
        return started
    }

    @Test("takes half as many again in hand beyond its places as ended since the claim before")
    func pace() {
        var table = LaneTable()
        table.look(at: shop)
        var claimed = claim(&table)
        #expect(claimed.map(\.limit) == [4], "nothing is known about the receiver yet")
        table.endClaim(claimed, found: [shop: (4, 0)])
        #expect(startAll(&table, firsts: 4).count == 4)
        #expect(claim(&table).isEmpty, "a receiver that answers nothing gets no more than its places")
        for _ in 0..<3 { table.attemptEnded(shop, isRetry: false) }
        claimed = claim(&table)
        #expect(claimed.map(\.limit) == [7], "three free places, and four ahead")
        table.endClaim(claimed, found: [shop: (7, 0)])
        #expect(startAll(&table, firsts: 7).count == 3)
        #expect(claim(&table).isEmpty, "four wait in hand")
        table.attemptEnded(shop, isRetry: false)
        #expect(startAll(&table, firsts: 4).count == 1)
        #expect(claim(&table).isEmpty, "three wait in hand, more than half")
        table.attemptEnded(shop, isRetry: false)
        #expect(startAll(&table, firsts: 3).count == 1)
        #expect(claim(&table).map(\.limit) == [1], "half is left, and two ended")
    }

    @Test("takes no more in hand than the bound, however fast the receiver is")
    func bound() {
        var table = LaneTable()
        table.look(at: shop)
        for _ in 0..<20 {
            let claimed = claim(&table)
            let limit = claimed.map(\.limit).reduce(0, +)
            #expect(limit <= 4 + Lane.maximumAhead)
            table.endClaim(claimed, found: [shop: (limit, 0)])
            for _ in 0..<limit {
                table.start(shop, isRetry: false)
                table.attemptEnded(shop, isRetry: false)
                table.recorded()
            }
        }
        #expect(claim(&table).map(\.limit) == [4 + Lane.maximumAhead])
    }

    @Test("begins anew when nothing waits any more")
    func calm() {
        var table = LaneTable()
        table.look(at: shop)
        var claimed = claim(&table)
        table.endClaim(claimed, found: [shop: (4, 0)])
        _ = startAll(&table, firsts: 4)
        for _ in 0..<4 { table.attemptEnded(shop, isRetry: false) }
        claimed = claim(&table)
        #expect(claimed.map(\.limit) == [10])
        table.endClaim(claimed, found: [shop: (1, 0)])
        for _ in 0..<1 { table.withdraw(shop, isRetry: false, wasStarted: false) }
        table.look(at: shop)
        #expect(claim(&table).map(\.limit) == [4])
    }

    @Test("finds a place for a newcomer at once, however many retries are in hand")
    func newcomers() {
        var table = LaneTable()
        table.look(at: shop, onlyForRetries: true)
        var claimed = claim(&table)
        #expect(claimed.map(\.limit) == [3])
        table.endClaim(claimed, found: [shop: (3, 3)])
        #expect(startAll(&table, firsts: 0, retries: 3) == [.retry, .retry, .retry])
        for _ in 0..<3 { table.attemptEnded(shop, isRetry: true) }
        claimed = claim(&table)
        #expect(claimed.map(\.limit) == [6], "a quarter of what may be in hand is kept for first attempts")
        table.endClaim(claimed, found: [shop: (6, 6)])
        #expect(startAll(&table, firsts: 0, retries: 6).count == 3, "and a quarter of the places")
        let isReserved = table.reserve(shop, Self.allowance, now: start)
        #expect(isReserved)
        table.accept(shop, isRetry: false)
        #expect(startAll(&table, firsts: 1, retries: 3) == [.first])
    }

    @Test("sends first attempts before retries that are in hand, but for the retries' share")
    func order() {
        var table = LaneTable()
        table.look(at: shop)
        let claimed = claim(&table)
        table.endClaim(claimed, found: [shop: (4, 2)])
        #expect(startAll(&table, firsts: 9, retries: 9) == [.retry, .first, .first, .first])
        table.attemptEnded(shop, isRetry: false)
        #expect(startAll(&table, firsts: 9, retries: 9) == [.first])
        table.attemptEnded(shop, isRetry: true)
        #expect(startAll(&table, firsts: 9, retries: 9) == [.retry])
    }

    @Test("asks for first attempts it hears of, also while retries wait in hand")
    func firstsBesideRetries() {
        var table = LaneTable()
        table.look(at: shop, onlyForRetries: true)
        table.endClaim(claim(&table), found: [shop: (3, 3)])
        _ = startAll(&table, firsts: 0, retries: 3)
        for _ in 0..<3 { table.attemptEnded(shop, isRetry: true) }
        table.endClaim(claim(&table), found: [shop: (6, 6)])
        _ = startAll(&table, firsts: 0, retries: 6)
        #expect(claim(&table).isEmpty)
        table.look(at: shop)
        #expect(claim(&table).map { [$0.limit, $0.retryLimit] } == [[1, 0]])
    }

    @Test("does not, when it may not")
    func worksNotAhead() {
        var table = LaneTable()
        let allowance = LaneAllowance(places: 4)
        table.look(at: shop)
        table.endClaim(table.beginClaim(now: start, rows: 500, laneCount: 100) { _ in allowance }, found: [shop: (4, 0)])
        _ = startAll(&table, firsts: 4)
        for _ in 0..<2 { table.attemptEnded(shop, isRetry: false) }
        let claimed = table.beginClaim(now: start, rows: 500, laneCount: 100) { _ in allowance }
        #expect(claimed.map(\.limit) == [2])
    }
}

@Suite("A lane with retries while new events come")
struct LaneYieldingTests {
    private let shop = EndpointName(trusted: "shop")
    private let busy = EndpointName(trusted: "busy")

    private func claim(_ table: inout LaneTable, _ now: Timestamp) -> [DeliveryClaim.Lane] {
        table.beginClaim(now: now, rows: 500, laneCount: 100) { _ in LaneAllowance(places: 16) }
    }

    private func endWithRetries(_ table: inout LaneTable, _ claimed: [DeliveryClaim.Lane]) {
        let count = claimed.map(\.limit).reduce(0, +)
        table.endClaim(claimed, found: [shop: (count, count)])
        for _ in 0..<count { table.start(shop, isRetry: true) }
    }

    @Test("takes few at a time, with a breath between, and all its places again when none came for a second")
    func yields() {
        var table = LaneTable()
        _ = table.reserve(busy, LaneAllowance(places: 16), now: start)
        table.look(at: shop, onlyForRetries: true)
        var claimed = claim(&table, start)
        #expect(claimed.map(\.limit) == [4])
        endWithRetries(&table, claimed)
        #expect(claim(&table, start).isEmpty)
        #expect(table.nextWakeUp == start + LaneTable.breath)
        claimed = claim(&table, start + LaneTable.breath)
        #expect(claimed.map(\.limit) == [4])
        endWithRetries(&table, claimed)
        let calm = start + LaneTable.flowOfEvents
        #expect(claim(&table, calm).map(\.limit) == [4], "what is left of the twelve places of retries")
    }

    @Test("does not let a first attempt wait that it hears of")
    func firsts() {
        var table = LaneTable()
        _ = table.reserve(busy, LaneAllowance(places: 16), now: start)
        table.look(at: shop, onlyForRetries: true)
        endWithRetries(&table, claim(&table, start))
        #expect(claim(&table, start).isEmpty)
        table.look(at: shop)
        #expect(claim(&table, start).map(\.limit) == [12])
    }
}

@Suite("Deliveries in hand")
struct LaneStockTests {
    private let shop = EndpointName(trusted: "shop")

    private func job(_ index: Int, isRetry: Bool = false, response: [UInt8]? = nil) -> DeliveryJob {
        let id = ResponseID(trusted: "resp_\(index)")
        let event = Event(
            id: EventID(upstream: Workbench.upstream, response: id, type: .responseCompleted), type: .responseCompleted, createdAt: start,
            watch: nil, upstream: Workbench.upstream, response: id, data: [])
        let delivery = Delivery(
            id: DeliveryID(event: event.id, endpoint: shop), event: event.id, eventType: event.type, endpoint: shop, watch: nil,
            response: id, status: .delivering, attempts: 0, attemptsInAll: 0, nextAttemptAt: nil, deadReason: nil, createdAt: start,
            deliveredAt: nil, updatedAt: start)
        return DeliveryJob(
            delivery: delivery, lease: Lease(node: NodeID("node-1"), epoch: 1), leasedUntil: start + .seconds(50), isRetry: isRetry,
            event: event, response: response, metadata: [:], callback: nil)
    }

    @Test("go in the order in which they came, each kind for itself")
    func order() {
        var stock = LaneStock()
        for index in 0..<6 { stock.add(job(index, isRetry: index % 2 == 1)) }
        let touched = [stock.takeTouched(), stock.takeTouched()]
        #expect(touched == [[shop], []])
        let taken = [stock.take(.first, of: shop), stock.take(.retry, of: shop), stock.take(.first, of: shop)]
        #expect(taken.map { $0?.delivery.response } == (0..<3).map { job($0).delivery.response })
        stock.touch(shop)
        #expect(stock.isTouched && stock.count == 3)
        let rest = stock.takeAll(of: shop)
        #expect(rest.map(\.isRetry) == [false, true, true])
        #expect(stock.count == 0)
        _ = stock.takeTouched()
        stock.touch(shop)
        #expect(!stock.isTouched, "nothing of it is there")
    }

    @Test("hold response objects up to a bound, and none of those beyond it")
    func responses() {
        var stock = LaneStock()
        let half = [UInt8](repeating: 0x20, count: LaneStock.maximumResponseBytes / 2)
        for index in 0..<3 { stock.add(job(index, response: half)) }
        var counts = [stock.take(.first, of: shop)?.response?.count]
        stock.add(job(3, response: half))
        for _ in 0..<3 { counts.append(stock.take(.first, of: shop)?.response?.count) }
        #expect(counts == [half.count, half.count, nil, half.count])
    }
}
