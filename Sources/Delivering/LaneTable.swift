import DequeModule
import HeapModule
package import RingbackCore

/// Who may send how much at once, and for whom the store should be asked.
///
/// Each endpoint has a *lane* with its own places, so that a slow or dead one never delays another. So that a place does not stay empty while
/// the store is asked, a lane has some more deliveries in hand than places, see ``Lane/settleAhead()``; they count like those that are being
/// sent. Four rules guard what may be in hand in all: callbacks, which anybody can register, have at most half of it, and so do retries; the
/// last quarter goes only to endpoints that have nothing in hand, one delivery each; and an attempt whose outcome is not on record yet still
/// counts, so that memory stays bounded while the store is away.
///
/// First attempts go before retries, see ``Lane``. Redriven and replayed deliveries are retries here. A rate limit is kept by a token per
/// delivery, taken with its place; a lane without a token waits for one only while it has work, so an idle lane costs no wake-up.
package struct LaneTable: Sendable {
    package struct Bounds: Sendable, Hashable {
        /// Reserved, under way and waiting to be recorded, over all lanes.
        package var inAll: Int
        /// Lanes in memory. Work for endpoints beyond it is found by a later look at the store.
        package var lanes: Int
        /// Times kept at which a lane is to be looked at. Later ones are found by a regular look at the store.
        package var wakeUps: Int

        package init(inAll: Int = 2_000, lanes: Int = 20_000, wakeUps: Int = 50_000) {
            self.inAll = inAll
            self.lanes = lanes
            self.wakeUps = wakeUps
        }

        var callbacks: Int { (inAll + 1) / 2 }
        var retries: Int { (inAll + 1) / 2 }
        var keptForIdleLanes: Int { inAll / 4 }
    }

    /// A time further away than this is not kept: the regular look finds it, late by a small part of the wait.
    package static let horizon: Duration = .seconds(600)

    private struct WakeUp: Hashable, Comparable {
        let time: Timestamp
        let endpoint: EndpointName

        static func < (left: Self, right: Self) -> Bool {
            (left.time, left.endpoint) < (right.time, right.endpoint)
        }
    }

    /// For so long after an event was recorded, more are expected.
    package static let flowOfEvents: Duration = .seconds(1)

    /// How long a lane that yields waits between two claims of retries.
    package static let breath: Duration = .milliseconds(10)

    /// A lane without a token waits at least so long, and then finds several: a fast rate does not cost a claim per delivery.
    package static let shortestPause: Duration = .milliseconds(20)

    let bounds: Bounds
    /// Of endpoints that have a rate limit now.
    var buckets: [EndpointName: TokenBucket] = [:]
    /// Under which name the bucket of an endpoint is that shares it with the others at its destination.
    var sharedBuckets: [EndpointName: EndpointName] = [:]
    var lanes: [EndpointName: Lane] = [:]
    /// Lanes that want to claim, in the order in which they asked. Callbacks stand apart: when their half is used up nobody walks past
    /// them.
    var readyEndpoints: Deque<EndpointName> = []
    var readyCallbacks: Deque<EndpointName> = []
    private var wakeUps: Heap<WakeUp> = []
    private var knownWakeUps: Set<WakeUp> = []
    var busyCallbacks = 0
    /// Under way, or asked for by the claim under way.
    var busyRetries = 0
    package internal(set) var reserved = 0
    package internal(set) var inFlight = 0
    package private(set) var recording = 0
    /// When a place was last asked for on behalf of an event that is about to be recorded.
    var newestEvent: Timestamp?
    package internal(set) var isClaiming = false

    package init(_ bounds: Bounds = Bounds()) {
        self.bounds = bounds
    }

    // MARK: Places for new events

    /// Takes one place for a delivery that is about to be born.
    ///
    /// A lane with first attempts waiting in the store gives none: whoever is new goes behind those who wait.
    package mutating func reserve(_ endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp) -> Bool {
        newestEvent = now
        var lane = lanes[endpoint] ?? Lane()
        if let digest = allowance.digest {
            announce(endpoint, lane, for: digest, now: now)
            return false
        }
        guard !lane.firstsMayWait, allowance.notBefore.map({ $0 <= now }) ?? true else { return false }
        guard freePlaces(of: endpoint, lane, allowance) > 0 else { return false }
        guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return false }
        guard tokens(of: endpoint, allowance, now: now) > 0 else { return false }
        buckets[bucket(of: endpoint)]?.take(1)
        lane.reserved += 1
        lanes[endpoint] = lane
        reserved += 1
        if endpoint.isCallback { busyCallbacks += 1 }
        return true
    }

    /// Gives a reserved place back.
    package mutating func cancel(_ endpoint: EndpointName) {
        guard var lane = lanes[endpoint], lane.reserved > 0 else { return }
        lane.reserved -= 1
        reserved -= 1
        buckets[bucket(of: endpoint)]?.giveBack(1)
        freed(endpoint, lane)
    }

    /// Turns a reserved place into a delivery under way.
    package mutating func accept(_ endpoint: EndpointName, isRetry: Bool) {
        var lane = lanes[endpoint] ?? Lane()
        if lane.reserved > 0 {
            lane.reserved -= 1
            reserved -= 1
        } else if endpoint.isCallback {
            busyCallbacks += 1
        }
        lane.inFlight += 1
        inFlight += 1
        if isRetry {
            lane.retriesInFlight += 1
            busyRetries += 1
        }
        lanes[endpoint] = lane
    }

    // MARK: Places for what is in hand

    /// Which kind of delivery goes next, of what waits in hand; `nil` when none may.
    package func nextKind(_ endpoint: EndpointName, places: Int, hasFirst: Bool, hasRetry: Bool) -> AttemptKind? {
        lanes[endpoint]?.nextKind(places: places, hasFirst: hasFirst, hasRetry: hasRetry)
    }

    /// A delivery in hand is being sent from now on.
    package mutating func start(_ endpoint: EndpointName, isRetry: Bool) {
        lanes[endpoint]?.sending += 1
        if isRetry { lanes[endpoint]?.retriesSending += 1 }
    }

    // MARK: Places that become free

    /// The receiver is done; the outcome still has to be recorded (``recorded()``).
    package mutating func attemptEnded(_ endpoint: EndpointName, isRetry: Bool) {
        recording += 1
        lanes[endpoint]?.endedSinceClaim += 1
        withdraw(endpoint, isRetry: isRetry)
    }

    package mutating func recorded() {
        recording -= 1
    }

    /// A delivery in hand is not sent after all.
    ///
    /// - Parameter wasStarted: Whether it had a place (``start(_:isRetry:)``).
    package mutating func withdraw(_ endpoint: EndpointName, isRetry: Bool, wasStarted: Bool = true) {
        guard var lane = lanes[endpoint], lane.inFlight > 0 else { return }
        if wasStarted {
            lane.sending -= 1
            if isRetry { lane.retriesSending -= 1 }
        }
        lane.inFlight -= 1
        inFlight -= 1
        if isRetry {
            lane.retriesInFlight -= 1
            busyRetries -= 1
        }
        freed(endpoint, lane)
    }

    // MARK: Reasons to ask the store

    /// There may be something due for this endpoint.
    ///
    /// - Parameter onlyForRetries: Whether it is known that no first attempt is among it.
    package mutating func look(at endpoint: EndpointName, onlyForRetries: Bool = false) {
        var lane = lanes[endpoint] ?? Lane()
        switch lane.look {
        case .nothing:
            guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return }
            lane.look = .ready
            lane.stopWorkingAhead()
            enqueue(endpoint)
        case .asking:
            lane.heardOfFirsts = lane.heardOfFirsts || !onlyForRetries
            lane.heardOfRetries = true
        case .blocked where !lane.firstsMayWait && !onlyForRetries:
            // It may have a place that is kept for first attempts.
            lane.look = .ready
            enqueue(endpoint)
        case .paused where lane.gathering?.isFull == true:
            lane.look = .ready
            enqueue(endpoint)
        case .paused where lane.isYielding && !onlyForRetries:
            lane.look = .ready
            enqueue(endpoint)
        case .ready, .blocked, .paused:
            break
        }
        lane.firstsMayWait = lane.firstsMayWait || !onlyForRetries
        lane.retriesMayWait = true
        lanes[endpoint] = lane
    }

    /// Something falls due for this endpoint at `time`.
    package mutating func look(at endpoint: EndpointName, from time: Timestamp, now: Timestamp) {
        guard time > now else {
            look(at: endpoint)
            let known = lanes[endpoint]?.dueSince ?? time
            lanes[endpoint]?.dueSince = min(known, time)
            return
        }
        remember(WakeUp(time: time, endpoint: endpoint), now: now)
    }

    /// Lanes that had no place, whose endpoint was disabled, or whose time had not come are considered again.
    package mutating func lookAtBlockedLanes() {
        for (endpoint, lane) in lanes where lane.look == .blocked || lane.look == .paused {
            lanes[endpoint]?.look = .ready
            enqueue(endpoint)
        }
    }

    /// Forgets the buckets of endpoints that are no more.
    package mutating func keepBuckets(where isKnown: (EndpointName) -> Bool) {
        sharedBuckets = sharedBuckets.filter { isKnown($0.key) }
        let shared = Set(sharedBuckets.values)
        buckets = buckets.filter { isKnown($0.key) || shared.contains($0.key) }
    }

    /// The next time at which a lane is to be looked at.
    package var nextWakeUp: Timestamp? { wakeUps.min?.time }

    /// Whether a claim could bring something, should a place be free.
    package var wantsToClaim: Bool { !isClaiming && !(readyEndpoints.isEmpty && readyCallbacks.isEmpty) }

    /// The lanes in memory, for gauges.
    package var counts: [DeliverySnapshot.LaneCount] {
        lanes.map { endpoint, lane in
            DeliverySnapshot.LaneCount(
                endpoint: endpoint, reserved: lane.reserved, inFlight: lane.inFlight, hasWorkWaiting: lane.look != .nothing)
        }
    }

    // MARK: Inside

    var busy: Int { reserved + inFlight + recording }

    var isFull: Bool { busy >= bounds.inAll }

    /// How many more deliveries may come in hand.
    func freePlaces(of endpoint: EndpointName, _ lane: Lane, _ allowance: LaneAllowance) -> Int {
        let own = lane.room(allowance)
        let shared = bounds.inAll - busy - bounds.keptForIdleLanes
        if endpoint.isCallback { return max(0, min(own, shared, bounds.callbacks - busyCallbacks)) }
        let kept = lane.busy == 0 && !isFull ? 1 : 0
        return max(0, min(own, max(shared, kept)))
    }

    mutating func pause(_ endpoint: EndpointName, until time: Timestamp, now: Timestamp) {
        lanes[endpoint]?.look = .paused
        // A time that is not kept costs no more than a wait until the regular look.
        remember(WakeUp(time: time, endpoint: endpoint), now: now)
    }

    /// Any number where there is no limit.
    mutating func tokens(of endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp) -> Int {
        guard let rate = allowance.rate else {
            if !buckets.isEmpty { buckets[endpoint] = nil }
            if !sharedBuckets.isEmpty { sharedBuckets[endpoint] = nil }
            return .max
        }
        let shared = allowance.destination.map { EndpointName(trusted: "destination:" + $0) }
        if shared != nil || !sharedBuckets.isEmpty { sharedBuckets[endpoint] = shared }
        return buckets[bucket(of: endpoint), default: TokenBucket(rate, now: now)].tokens(rate, now: now)
    }

    func bucket(of endpoint: EndpointName) -> EndpointName {
        sharedBuckets[endpoint] ?? endpoint
    }

    mutating func wakeUp(now: Timestamp) {
        while let next = wakeUps.min, next.time <= now {
            wakeUps.removeMin()
            knownWakeUps.remove(next)
            if lanes[next.endpoint]?.look == .paused {
                lanes[next.endpoint]?.look = .ready
                enqueue(next.endpoint)
                // It only took a breath: nothing new is known about its first attempts.
                if lanes[next.endpoint]?.isYielding == true { continue }
            }
            look(at: next.endpoint)
        }
    }

    private mutating func remember(_ wakeUp: WakeUp, now: Timestamp) {
        guard wakeUp.time - now <= Self.horizon, knownWakeUps.count < bounds.wakeUps, knownWakeUps.insert(wakeUp).inserted else { return }
        wakeUps.insert(wakeUp)
    }

    mutating func enqueue(_ endpoint: EndpointName) {
        if endpoint.isCallback { readyCallbacks.append(endpoint) } else { readyEndpoints.append(endpoint) }
    }

    private mutating func freed(_ endpoint: EndpointName, _ lane: Lane) {
        var lane = lane
        if endpoint.isCallback { busyCallbacks -= 1 }
        if lane.look == .blocked {
            lane.look = .ready
            enqueue(endpoint)
        }
        keep(endpoint, lane)
    }

    /// A lane with nothing under way and nothing to look for is forgotten: there is one for each callback ever seen.
    mutating func keep(_ endpoint: EndpointName, _ lane: Lane) {
        lanes[endpoint] = lane.busy == 0 && lane.look == .nothing && lane.gathering == nil ? nil : lane
    }
}
