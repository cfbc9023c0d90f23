import DequeModule
package import RingbackCore
package import Store

// What the store is asked for, and what its answer means.
extension LaneTable {
    /// Takes the free places of lanes with due work and says what to claim for them; at most one claim at a time.
    ///
    /// - Parameters:
    ///   - rows: At most so many deliveries.
    ///   - laneCount: At most so many lanes.
    ///   - allowance: What an endpoint may take now.
    /// - Returns: Empty when there is nothing to claim now.
    package mutating func beginClaim(
        now: Timestamp, rows: Int, laneCount: Int, allowance: (EndpointName) -> LaneAllowance
    ) -> [DeliveryClaim.Lane] {
        wakeUp(now: now)
        guard wantsToClaim else { return [] }
        var claim: [DeliveryClaim.Lane] = []
        var rowsLeft = rows
        // Callbacks keep half of the lanes, so that many busy endpoints cannot starve them, nor they the endpoints.
        let laneCountForEndpoints = laneCount - min(readyCallbacks.count, laneCount / 2)
        for _ in 0..<readyEndpoints.count where claim.count < laneCountForEndpoints && rowsLeft > 0 && !isFull {
            guard let endpoint = readyEndpoints.popFirst() else { break }
            ask(endpoint, allowance(endpoint), now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        for _ in 0..<readyCallbacks.count where claim.count < laneCount && rowsLeft > 0 && !isFull && busyCallbacks < bounds.callbacks {
            guard let endpoint = readyCallbacks.popFirst() else { break }
            ask(endpoint, allowance(endpoint), now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        isClaiming = !claim.isEmpty
        return claim
    }

    /// The claim's answer.
    ///
    /// - Parameter found: How many deliveries, and how many retries among them, came for each endpoint; `nil` when the store failed.
    package mutating func endClaim(_ claim: [DeliveryClaim.Lane], found: [EndpointName: (deliveries: Int, retries: Int)]?) {
        isClaiming = false
        for asked in claim {
            guard var lane = lanes[asked.endpoint] else { continue }
            let (deliveries, retries) = found?[asked.endpoint] ?? (0, 0)
            let unused = asked.limit - deliveries
            lane.inFlight -= unused
            inFlight -= unused
            if asked.endpoint.isCallback { busyCallbacks -= unused }
            // A digest took a single token, for its one message.
            buckets[bucket(of: asked.endpoint)]?.giveBack(lane.asksForDigest ? (deliveries == 0 ? 1 : 0) : unused)
            lane.retriesInFlight += retries
            busyRetries -= asked.retryLimit - retries
            // When the store failed nothing was learned.
            if found != nil { lane.learn(asked, deliveries: deliveries, retries: retries) }
            lane.asksForDigest = false
            let wantsMore = lane.firstsMayWait || lane.retriesMayWait
            lane.look = wantsMore ? .ready : .nothing
            if wantsMore { enqueue(asked.endpoint) } else { lane.stopWorkingAhead() }
            keep(asked.endpoint, lane)
        }
    }

    // MARK: Inside

    private mutating func ask(
        _ endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp, rowsLeft: inout Int, claim: inout [DeliveryClaim.Lane]
    ) {
        guard var lane = lanes[endpoint], lane.look == .ready else { return }
        if let notBefore = allowance.notBefore, notBefore > now { return pause(endpoint, until: notBefore, now: now) }
        if let digest = allowance.digest {
            return ask(endpoint, lane, for: digest, allowance, now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        let isFullForRetries = lane.room(forRetries: .max, capacity: lane.capacity(allowance)) == 0
        guard !lane.hasEnough, lane.room(allowance) > 0, lane.firstsMayWait || !isFullForRetries else {
            lanes[endpoint]?.look = .blocked
            return
        }
        lane.isYielding = !lane.firstsMayWait && eventsFlow(now: now)
        if lane.isYielding, let until = lane.nextRetries, until > now, until - now <= Self.breath {
            lanes[endpoint] = lane
            return pause(endpoint, until: until, now: now)
        }
        let tokens = tokens(of: endpoint, allowance, now: now)
        guard tokens > 0 else {
            return pause(endpoint, until: max(buckets[bucket(of: endpoint)]?.nextToken ?? now, now + Self.shortestPause), now: now)
        }
        lane.settleAhead()
        let capacity = lane.capacity(allowance)
        lanes[endpoint] = lane
        let mostNow = lane.isYielding ? max(1, Lane.share(of: allowance.places)) : .max
        let free = min(freePlaces(of: endpoint, lane, allowance), rowsLeft, tokens, mostNow)
        let forRetries = lane.room(forRetries: min(free, max(0, bounds.retries - busyRetries)), capacity: capacity)
        let limit = lane.firstsMayWait ? free : forRetries
        guard limit > 0 else {
            // More are in hand than there may be now, or the places in all are used up for it: then it asks again, behind the others, as soon
            // as one is free.
            if lane.room(allowance) <= 0 { lanes[endpoint]?.look = .blocked } else { enqueue(endpoint) }
            return
        }
        claim.append(
            DeliveryClaim.Lane(
                endpoint: endpoint, limit: limit,
                reservedForRetries: min(forRetries, lane.reservedForRetries(of: limit, capacity: capacity)), retryLimit: forRetries))
        rowsLeft -= limit
        lane.inFlight += limit
        inFlight += limit
        busyRetries += forRetries
        if endpoint.isCallback { busyCallbacks += limit }
        buckets[bucket(of: endpoint)]?.take(limit)
        lane.look = .asking
        lane.nextRetries = now + Self.breath
        lane.heardOfFirsts = false
        lane.heardOfRetries = false
        lanes[endpoint] = lane
    }

    /// Whether new events come at the moment. While they do, a lane with nothing but retries takes few at a time, with a breath between: a
    /// heap of redriven letters keeps the disk and the processors busy, and every new event would wait for its share of both.
    private func eventsFlow(now: Timestamp) -> Bool {
        newestEvent.map { $0 <= now && now - $0 < Self.flowOfEvents } ?? false
    }

    // MARK: Digests

    /// An event is about to be recorded that gathers with others. Nothing of such an endpoint is born leased: it waits in the store.
    mutating func announce(_ endpoint: EndpointName, _ lane: Lane, for digest: Digest, now: Timestamp) {
        guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return }
        var lane = lane
        if lane.gathering == nil { lane.gathering = Gathering(digest, since: now) }
        lane.gathering?.add()
        lanes[endpoint] = lane
    }

    /// Asks for one message: first attempts when enough have gathered or waited long enough, else retries, never both. Under a stream of
    /// full digests a retry comes after each of them.
    private mutating func ask(
        _ endpoint: EndpointName, _ lane: Lane, for digest: Digest, _ allowance: LaneAllowance, now: Timestamp, rowsLeft: inout Int,
        claim: inout [DeliveryClaim.Lane]
    ) {
        var lane = lane
        guard allowance.places > 0, lane.busy == 0 else {
            lanes[endpoint]?.look = .blocked
            return
        }
        if lane.firstsMayWait, lane.gathering == nil { lane.gathering = Gathering(digest, since: min(lane.dueSince ?? now, now)) }
        lanes[endpoint] = lane
        let isGathered = lane.firstsMayWait && lane.gathering?.isDue(now: now) == true
        let isForRetries = lane.retriesMayWait && (!isGathered || lane.isRetrysTurn)
        guard isGathered || isForRetries else { return pause(endpoint, until: lane.gathering?.until ?? now, now: now) }
        guard tokens(of: endpoint, allowance, now: now) > 0 else {
            return pause(endpoint, until: max(buckets[bucket(of: endpoint)]?.nextToken ?? now, now + Self.shortestPause), now: now)
        }
        let shared = min(bounds.inAll - busy, isForRetries ? bounds.retries - busyRetries : .max)
        // A set that failed together has to come together.
        let limit = min(digest.maximum, shared)
        guard limit > 0, limit <= rowsLeft || claim.isEmpty else { return enqueue(endpoint) }
        claim.append(
            DeliveryClaim.Lane(
                endpoint: endpoint, limit: limit, reservedForRetries: isForRetries ? limit : 0, retryLimit: isForRetries ? limit : 0,
                firstLimit: isForRetries ? 0 : limit))
        rowsLeft -= limit
        lane.inFlight += limit
        inFlight += limit
        if isForRetries { busyRetries += limit }
        buckets[bucket(of: endpoint)]?.take(1)
        lane.look = .asking
        lane.asksForDigest = true
        lane.heardOfFirsts = false
        lane.heardOfRetries = false
        lanes[endpoint] = lane
    }
}
