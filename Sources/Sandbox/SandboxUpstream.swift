package import RingbackCore

/// The sandbox's responses: created, looked at, cancelled. Bounded: the oldest are dropped first.
package actor SandboxUpstream {
    /// How many responses are remembered.
    static let maximumResponses = 50_000

    let dialect: Dialect
    private let time: any TimeSource
    private let dice: Dice
    private var responses: [String: SandboxResponse] = [:]
    private var order: [String] = []
    /// Which response a create with an `Idempotency-Key` made.
    private var idempotent: [String: String] = [:]
    /// The streams that wait for a response's next event, to be woken by a cancel.
    private var waiting: [String: [Int: Alarm]] = [:]
    private var nextStream = 0

    package init(dialect: Dialect = .mka1, time: any TimeSource = SystemTime(), dice: Dice = Dice()) {
        self.dialect = dialect
        self.time = time
        self.dice = dice
    }

    /// - Parameter key: Of two creates with the same key the second gets the response of the first.
    func create(_ request: CreateRequest, idempotencyKey key: String? = nil) throws(InvalidScript) -> SandboxResponse {
        if let key, let earlier = idempotent[key].flatMap(response) { return earlier }
        let script = try Script(metadata: request.metadata)
        let response = SandboxResponse(
            id: newID(), request: request, createdAt: time.wallNow, start: time.now, script: script, dialect: dialect)
        responses[response.id] = response
        order.append(response.id)
        if order.count > Self.maximumResponses { responses[order.removeFirst()] = nil }
        if let key {
            // Without their responses the keys mean nothing: all of them can go when there are too many.
            if idempotent.count >= Self.maximumResponses { idempotent = [:] }
            idempotent[key] = response.id
        }
        return response
    }

    /// The responses that are known now, the oldest first.
    func known() -> [SandboxResponse] {
        order.compactMap(response)
    }

    /// The response, unless it is unknown or forgotten.
    func response(_ id: String) -> SandboxResponse? {
        guard let response = responses[id], !response.isForgotten(now: time.now) else { return nil }
        return response
    }

    /// Uses up one of the 429s the script asks for.
    func takesRateLimit(_ id: String) -> Bool {
        guard let left = responses[id]?.rateLimitsLeft, left > 0 else { return false }
        responses[id]?.rateLimitsLeft = left - 1
        return true
    }

    enum Cancellation {
        case cancelled(SandboxResponse)
        case finishedBefore(TerminalStatus)
        case unknown
    }

    func cancel(_ id: String) -> Cancellation {
        guard var response = response(id) else { return .unknown }
        guard response.cancel(now: time.now) else {
            // Cancelling twice is harmless and answers the response as it is.
            let end = response.end(now: time.now) ?? .cancelled
            return end == .cancelled ? .cancelled(response) : .finishedBefore(end)
        }
        responses[id] = response
        for alarm in (waiting[id] ?? [:]).values { alarm.ring() }
        return .cancelled(response)
    }

    func delete(_ id: String) -> Bool {
        guard response(id) != nil else { return false }
        responses[id] = nil
        order.removeAll { $0 == id }
        for alarm in (waiting[id] ?? [:]).values { alarm.ring() }
        return true
    }

    /// What a stream that has sent everything before `sequenceNumber` does next.
    enum StreamStep {
        /// Send this text (`nil`: this event has none) and go on with the next number.
        case send(String?)
        /// The terminal event has been sent.
        case end
        /// The response is cancelled and this dialect's streams just stay open.
        case silence
        /// The response is gone.
        case gone
    }

    /// Suspends until the event with this number happens.
    func nextStep(of id: String, event sequenceNumber: Int) async throws -> StreamStep {
        while true {
            try Task.checkCancellation()
            guard let response = response(id) else { return .gone }
            guard let moment = response.moment(ofEvent: sequenceNumber) else {
                return response.end(now: time.now) == .cancelled && dialect.cancelledStream == .silence ? .silence : .end
            }
            if moment <= time.now { return .send(response.wireText(ofEvent: sequenceNumber)) }
            await wait(for: id, until: moment)
        }
    }

    /// Suspends until the response has ended or is gone.
    func ended(_ id: String) async throws -> SandboxResponse? {
        while let response = response(id), response.end(now: time.now) == nil {
            try Task.checkCancellation()
            await wait(for: id, until: response.moment(ofEvent: response.timeline.entries.count - 1) ?? time.now)
        }
        return response(id)
    }

    /// Suspends until the task is cancelled: the client has gone away, or the server shuts down.
    func silence() async throws {
        while true { try await time.sleep(until: time.now + Script.maximumDuration) }
    }

    private func wait(for id: String, until moment: Moment) async {
        let alarm = Alarm(time: time)
        let stream = nextStream
        nextStream += 1
        waiting[id, default: [:]][stream] = alarm
        await alarm.wait(until: moment)
        waiting[id]?[stream] = nil
        if waiting[id]?.isEmpty == true { waiting[id] = nil }
    }

    private func newID() -> String {
        let digits = Array("0123456789abcdef")
        return dialect.idPrefix + String((0..<48).map { _ in digits[Int(dice.fraction() * 16)] })
    }

    func now() -> Moment { time.now }
}
