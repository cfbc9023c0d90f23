import NIOCore

/// The vendor and the receiver in one: it knows when each response ended and when its callback came, on one clock.
///
/// Everything happens on one event loop.
final class World {
    private struct Response {
        var stream: UpstreamConnection?
        var isEnded: Bool
        /// When the terminal event was written to a stream that had waited for it.
        var endedAt: NIODeadline?
        var receivedAt: NIODeadline?
    }

    /// How often what is due is sent. An epoll round trip costs far less than this.
    private static let tick: TimeAmount = .milliseconds(1)

    private let loop: any EventLoop
    private var first = 0
    private var responses: [Response] = []
    private var counts = WorldReport()
    private var latenesses: [Double] = []
    private var markedAt = NIODeadline.now()
    private var lastReceivedAt: NIODeadline?
    private var ticking: RepeatedTask?
    private var chatter: Chatter?
    private var ending: Ending?
    private(set) var isRefusing = false

    /// Deltas go round the responses one by one, so that they are spread over the interval as strangers' are.
    private struct Chatter {
        let interval: Int64
        let startedAt: NIODeadline
        /// Whether each delta says when it was sent: all of one tick the same.
        let isStamped: Bool
        /// Places passed on the way around, whether or not a stream was there.
        var passed = 0
        var round = -1
        var bytes = ByteBuffer()
    }

    private struct Ending {
        let duration: Int64
        let startedAt: NIODeadline
        /// The responses that end, in a random order.
        let order: [Int]
        var passed = 0
    }

    init(loop: any EventLoop) {
        self.loop = loop
    }

    // MARK: Orders

    func obey(_ order: WorldOrder) -> WorldReport {
        switch order {
        case .reset: reset()
        case .add(let count, let isFinished):
            responses += (0..<count).map { _ in Response(isEnded: isFinished) }
        case .chatter(let milliseconds):
            chatter = Self.chatter(milliseconds, isStamped: false)
        case .stampedChatter(let milliseconds):
            chatter = Self.chatter(milliseconds, isStamped: true)
        case .end(let milliseconds):
            let running = responses.indices.filter { !responses[$0].isEnded }
            ending = Ending(duration: Int64(milliseconds) * 1_000_000, startedAt: .now(), order: running.shuffled())
        case .refuse(let isRefusing):
            self.isRefusing = isRefusing
        case .mark:
            markedAt = .now()
            lastReceivedAt = nil
        case .progress, .report:
            break
        }
        tickWhileNeeded()
        return report(for: order)
    }

    private static func chatter(_ milliseconds: Int, isStamped: Bool) -> Chatter? {
        milliseconds > 0 ? Chatter(interval: Int64(milliseconds) * 1_000_000, startedAt: .now(), isStamped: isStamped) : nil
    }

    private func reset() {
        for response in responses { response.stream?.close() }
        first += responses.count
        responses = []
        counts = WorldReport()
        latenesses = []
        chatter = nil
        ending = nil
        isRefusing = false
    }

    private func report(for order: WorldOrder) -> WorldReport {
        var report = counts
        report.next = first + responses.count
        report.secondsToLast = lastReceivedAt.map { ($0 - markedAt).milliseconds / 1000 }
        if case .report = order {
            report.lateness = Distribution(latenesses)
            report.latency = Distribution(
                responses.compactMap { response in
                    guard let endedAt = response.endedAt, let receivedAt = response.receivedAt else { return nil }
                    return (receivedAt - endedAt).milliseconds
                })
        }
        return report
    }

    // MARK: The vendor

    /// Answers `GET /v1/responses/{id}`.
    func answer(_ number: Int, isStream: Bool, on connection: UpstreamConnection) {
        let index = number - first
        guard responses.indices.contains(index) else { return connection.send(ResponseBytes.status("404 Not Found")) }
        let id = ResponseName.id(of: number)
        guard isStream else { return connection.send(ResponseBytes.retrieved(id, isEnded: responses[index].isEnded)) }
        guard !responses[index].isEnded else {
            counts.terminals += 1
            return connection.send(ResponseBytes.streamEnd(id, sequenceNumber: 2, withHead: true))
        }
        let former = responses[index].stream
        former?.close()
        if responses[index].stream == nil { counts.streams += 1 }
        responses[index].stream = connection
        connection.number = number
        connection.send(ResponseBytes.streamStart(id))
    }

    /// The stream's connection is gone.
    func left(_ number: Int, _ connection: UpstreamConnection) {
        let index = number - first
        guard responses.indices.contains(index), responses[index].stream === connection else { return }
        responses[index].stream = nil
        counts.streams -= 1
    }

    private func tickWhileNeeded() {
        let isNeeded = chatter != nil || ending != nil
        if !isNeeded {
            ticking?.cancel()
            ticking = nil
        } else if ticking == nil {
            let world = NIOLoopBound(self, eventLoop: loop)
            ticking = loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in world.value.sendWhatIsDue() }
        }
    }

    private func sendWhatIsDue() {
        let now = NIODeadline.now()
        // Endings first: theirs is the time that is measured.
        endWhatIsDue(now)
        chat(now)
        tickWhileNeeded()
    }

    private func chat(_ now: NIODeadline) {
        guard var chatter, !responses.isEmpty else { return }
        if chatter.isStamped { chatter.round = -1 }
        let due = Int(Double((now - chatter.startedAt).nanoseconds) / Double(chatter.interval) * Double(responses.count))
        while chatter.passed < due {
            let (round, index) = chatter.passed.quotientAndRemainder(dividingBy: responses.count)
            if round != chatter.round {
                chatter.round = round
                chatter.bytes = ResponseBytes.delta(round: round, sentAt: chatter.isStamped ? now : nil)
            }
            chatter.passed += 1
            guard let stream = responses[index].stream else { continue }
            stream.send(chatter.bytes)
            counts.deltas += 1
        }
        self.chatter = chatter
    }

    private func endWhatIsDue(_ now: NIODeadline) {
        guard var ending else { return }
        let share = min(1, Double((now - ending.startedAt).nanoseconds) / Double(max(ending.duration, 1)))
        let due = Int(share * Double(ending.order.count))
        while ending.passed < due {
            let dueAfter = Int64(Double(ending.passed + 1) / Double(ending.order.count) * Double(ending.duration))
            end(ending.order[ending.passed], dueAt: ending.startedAt + .nanoseconds(dueAfter))
            ending.passed += 1
        }
        self.ending = ending.passed == ending.order.count ? nil : ending
    }

    private func end(_ index: Int, dueAt: NIODeadline) {
        responses[index].isEnded = true
        guard let stream = responses[index].stream else { return }
        let bytes = ResponseBytes.streamEnd(
            ResponseName.id(of: first + index), sequenceNumber: (chatter?.round ?? 0) + 3, withHead: false)
        let now = NIODeadline.now()
        latenesses.append((now - dueAt).milliseconds)
        responses[index].endedAt = now
        responses[index].stream = nil
        counts.streams -= 1
        counts.terminals += 1
        stream.number = nil
        stream.send(bytes)
    }

    // MARK: The receiver

    /// A callback that is what it should be.
    ///
    /// - Returns: Whether it is about a response of this run.
    func received(_ number: Int, at time: NIODeadline) -> Bool {
        let index = number - first
        guard responses.indices.contains(index) else { return false }
        guard responses[index].receivedAt == nil else {
            counts.duplicates += 1
            return true
        }
        responses[index].receivedAt = time
        counts.received += 1
        lastReceivedAt = time
        return true
    }

    func refused() {
        counts.refused += 1
    }

    func turnedAway() {
        counts.turnedAway += 1
    }
}

extension TimeAmount {
    var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}
