package import RingbackCore

/// The sandbox's responses: created, looked at, cancelled. Bounded: the oldest are dropped first.
package actor SandboxUpstream {
    /// How many responses are remembered.
    static let maximumResponses = 50_000

    nonisolated let dialect: Dialect
    nonisolated let dice: Dice
    private let time: any TimeSource
    private var responses: [String: SandboxResponse] = [:]
    private var order: [String] = []
    /// Which response a create with an `Idempotency-Key` made.
    private var idempotent: [String: String] = [:]
    /// Whoever waits for something to happen to a response, to be woken by a cancel.
    private var waiting: [String: [Int: Alarm]] = [:]
    private var nextWait = 0

    package init(dialect: Dialect = .mka1, time: any TimeSource = SystemTime(), dice: Dice = Dice()) {
        self.dialect = dialect
        self.time = time
        self.dice = dice
    }

    func now() -> Moment { time.now }

    /// - Parameter key: Of two creates with the same key the second gets the response of the first.
    /// - Returns: The response, and whether it is new.
    func create(
        _ request: CreateRequest, _ script: Script, idempotencyKey key: String? = nil
    ) -> (response: SandboxResponse, isNew: Bool) {
        if let key, let earlier = idempotent[key].flatMap(known) { return (earlier, false) }
        let response = SandboxResponse(
            id: dialect.ids.make(dice), request: request, createdAt: time.wallNow, start: time.now, script: script, dialect: dialect,
            dice: dice)
        responses[response.id] = response
        order.append(response.id)
        if order.count > Self.maximumResponses { responses[order.removeFirst()] = nil }
        if let key {
            // Without their responses the keys mean nothing: all of them can go when there are too many.
            if idempotent.count >= Self.maximumResponses { idempotent = [:] }
            idempotent[key] = response.id
        }
        return (response, true)
    }

    // MARK: Looking

    /// The response that a call names, unless it is unknown, forgotten, or somebody else's.
    ///
    /// - Parameter user: Who the call is for.
    func response(_ shownID: String, for user: String?) -> SandboxResponse? {
        let id = dialect.ids.isSealed ? SealedID.open(shownID) : shownID
        guard let response = id.flatMap(known), !dialect.calls.separatesUsers || response.request.user == user else { return nil }
        return response
    }

    /// The response as it is now; `nil` when it is gone.
    func current(_ response: SandboxResponse) -> SandboxResponse? {
        known(response.id)
    }

    /// All responses that this user may see, the oldest first.
    func all(for user: String?) -> [SandboxResponse] {
        order.compactMap { response($0, for: user) }
    }

    private func known(_ id: String) -> SandboxResponse? {
        guard let response = responses[id], !response.isForgotten(now: time.now) else { return nil }
        return response
    }

    /// Uses up one of the 429s the script asks for.
    func takesRateLimit(_ id: String) -> Bool {
        guard let left = responses[id]?.rateLimitsLeft, left > 0 else { return false }
        responses[id]?.rateLimitsLeft = left - 1
        return true
    }

    // MARK: Changing

    /// - Returns: `nil` when the response is gone.
    func cancel(_ id: String) -> SandboxResponse.CancelVerdict? {
        guard var response = known(id) else { return nil }
        let verdict = response.cancel(now: time.now)
        responses[id] = response
        wake(id)
        return verdict
    }

    func delete(_ id: String) {
        responses[id] = nil
        order.removeAll { $0 == id }
        wake(id)
    }

    // MARK: Waiting

    /// What a stream does next.
    enum StreamStep {
        /// Send this text (`nil`: this event has none) and go on with the next number.
        case send(String?)
        /// Nothing has happened for so long that a comment is due.
        case keepAlive
        /// The connection breaks.
        case breaks
        /// There is nothing more to come, or the response is gone.
        case end
        /// There is nothing more to come, and this vendor's streams just stay open then.
        case silence
    }

    /// Suspends until the event with this number happens, or `keepAlive` has passed.
    ///
    /// - Parameter isFirst: Whether the stream has told nothing yet.
    func nextStep(of id: String, event number: Int, isFirst: Bool, keepAlive: Duration?) async throws -> StreamStep {
        let due = keepAlive.map { time.now + $0 }
        while true {
            try Task.checkCancellation()
            guard let response = known(id) else { return dialect.restart == .forgets && responses[id] != nil ? .breaks : .end }
            switch response.streamPosition(before: number, now: time.now) {
            case .tells(let text): return .send(text)
            case .breaks: return .breaks
            case .isOver:
                if dialect.streams.cancelled == .silence && response.end(now: time.now) == .cancelled { return .silence }
                return dialect.streams.hangsBeyondEnd && isFirst ? .silence : .end
            case .waits(let moment):
                if let due, due <= time.now { return .keepAlive }
                await wait(for: id, until: due.map { min($0, moment) } ?? moment)
            }
        }
    }

    /// Suspends until the response has ended or is gone.
    func ended(_ id: String) async throws -> SandboxResponse? {
        while let response = known(id), response.life.end.map({ response.start + $0.offset > time.now }) ?? true {
            try Task.checkCancellation()
            await wait(for: id, until: response.life.end.map { response.start + $0.offset } ?? time.now + Script.maximumDuration)
        }
        return known(id)
    }

    /// Suspends until the response's status is another one than `status`.
    ///
    /// - Returns: The response then; `nil` when it is gone.
    func changed(_ id: String, from status: String?) async throws -> SandboxResponse? {
        while let response = known(id), response.status(at: time.now - response.start) == status {
            try Task.checkCancellation()
            let offset = time.now - response.start
            let next = response.life.entries.first { $0.offset > offset && $0.step.changesStatus }
            await wait(for: id, until: next.map { response.start + $0.offset } ?? time.now + Script.maximumDuration)
        }
        return known(id)
    }

    /// Suspends until the task is cancelled: the client has gone away, or the server shuts down.
    func silence() async throws {
        while true { try await time.sleep(until: time.now + Script.maximumDuration) }
    }

    private func wait(for id: String, until moment: Moment) async {
        let alarm = Alarm(time: time)
        let number = nextWait
        nextWait += 1
        waiting[id, default: [:]][number] = alarm
        await alarm.wait(until: moment)
        waiting[id]?[number] = nil
        if waiting[id]?.isEmpty == true { waiting[id] = nil }
    }

    private func wake(_ id: String) {
        for alarm in (waiting[id] ?? [:]).values { alarm.ring() }
    }
}
