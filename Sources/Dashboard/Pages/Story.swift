import Control
import RingbackCore

/// What happened to a response from its registration to the last answer of the last receiver, in order.
struct Story {
    /// Of one event, the newest.
    private static let shownDeliveries = 50
    private static let shownBody = 2000

    private struct Step {
        let at: APITime
        let tone: String
        let head: HTML
        let body: HTML
    }

    private var steps: [Step] = []

    init(of watch: WatchObject, _ backend: Backend, now: Timestamp) async throws {
        let whom: HTML =
            watch.endpoints.isEmpty ? "all endpoints whose filters match" : "\(watch.endpoints.map { "\(HTML.endpointLink($0)) " as HTML })"
        steps.append(Step(at: watch.createdAt, tone: "busy", head: "Registered", body: "<p>To be told: \(whom)</p>"))
        let events = try await backend.list(EventObject.self, "/v1/events?watch=\(PercentEncoding.encode(watch.id.rawValue))&limit=100")
        for event in events.data { try await add(event, backend) }
        if watch.status.isOpen {
            let seen = watch.sequenceNumber.map { "; event \($0) was seen last" } ?? ""
            let words: HTML = "<p>By \(watch.following.rawValue)\(seen).</p>"
            steps.append(Step(at: watch.updatedAt, tone: "busy", head: "Followed (\(watch.status.rawValue))", body: words))
        } else if watch.status == .stopped, let end = watch.terminalAt {
            steps.append(Step(at: end, tone: "warn", head: "Stopped", body: "<p>Nobody is told.</p>"))
        }
        sort()
    }

    init(of event: EventObject, _ backend: Backend, now: Timestamp) async throws {
        try await add(event, backend)
        sort()
    }

    private mutating func sort() {
        // In the order of their making where times are equal.
        steps = steps.enumerated().sorted { ($0.element.at.timestamp, $0.offset) < ($1.element.at.timestamp, $1.offset) }.map(\.element)
    }

    private mutating func add(_ event: EventObject, _ backend: Backend) async throws {
        let data: HTML? = event.data.map {
            "<p><code><bdi>\($0.text.prefix(Self.shownBody))</bdi></code></p>"
        }
        steps.append(
            Step(
                at: event.createdAt, tone: Self.tone(event.type), head: "Event \(event.type.rawValue)",
                body: #"\#(data)<p class="hint"><code>\#(event.id)</code></p>"#))
        let deliveries = try await backend.list(
            DeliveryObject.self, "/v1/deliveries?event=\(PercentEncoding.encode(event.id.rawValue))&limit=\(Self.shownDeliveries)")
        for delivery in deliveries.data { try await add(delivery, backend) }
    }

    private mutating func add(_ delivery: DeliveryObject, _ backend: Backend) async throws {
        let whole = try await backend.get(DeliveryObject.self, path("v1", "deliveries", delivery.id.rawValue))
        for attempt in whole.attemptLog ?? [] {
            let head: HTML = "Attempt \(attempt.number) at \(HTML.endpointLink(delivery.endpoint)) \(HTML.status(attempt.outcome.rawValue))"
            steps.append(
                Step(
                    at: attempt.startedAt, tone: attempt.outcome == .succeeded ? "good" : "bad", head: head,
                    body: Self.attempt(attempt, of: delivery.id)))
        }
        let link: HTML = #"<a href="\#(path("deliveries", delivery.id.rawValue))">Delivery</a> to \#(HTML.endpointLink(delivery.endpoint))"#
        switch delivery.status {
        case .pending:
            let when: HTML = "<p>Next attempt \(HTML.time(delivery.nextAttemptAt)).</p>"
            steps.append(Step(at: delivery.updatedAt, tone: "busy", head: "\(link) waits", body: when))
        case .delivering: steps.append(Step(at: delivery.updatedAt, tone: "busy", head: "\(link) is under way", body: .nothing))
        case .delivered: break
        case .dead:
            let reason: HTML = "<p>Given up: \(delivery.deadReason?.rawValue ?? "") after \(delivery.attempts) attempts.</p>"
            steps.append(Step(at: delivery.updatedAt, tone: "bad", head: "\(link) is dead", body: reason))
        case .abandoned: steps.append(Step(at: delivery.updatedAt, tone: "warn", head: "\(link) was discarded", body: .nothing))
        }
    }

    /// What one attempt was, and what was answered.
    static func attempt(_ attempt: AttemptObject, of delivery: DeliveryID) -> HTML {
        let headers = attempt.responseHeaders.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        let answer = [headers, String(attempt.responseBody.prefix(shownBody))].filter { !$0.isEmpty }.joined(separator: "\n\n")
        let shown: HTML? =
            answer.isEmpty
            ? nil
            : #"<details id="d-\#(delivery)-\#(attempt.number)"><summary>What was answered</summary><pre tabindex="0">\#(answer)</pre></details>"#
        let status: HTML? = attempt.httpStatus.map { "HTTP \($0)" }
        // That the status is bad is said already.
        let error: HTML? = attempt.error.map { $0 == .httpStatus ? .nothing : " \($0.rawValue)" }
        let detail: HTML? = attempt.detail.map { ": <bdi>\($0)</bdi>" }
        let address: HTML? = attempt.address.map { " from <code><bdi>\($0)</bdi></code>" }
        let proxy: HTML? = attempt.proxy.map { " by the proxy <code><bdi>\($0)</bdi></code>" }
        return "<p>\(status)\(error)\(detail)\(address)\(proxy)</p>\(Plot.phases(attempt.timing))\(shown)"
    }

    private static func tone(_ type: EventType) -> String {
        switch type {
        case .responseCompleted, .endpointRecovered: "good"
        case .responseFailed, .watchLost, .watchExpired, .deliveryDead, .endpointDisabled: "bad"
        case .responseIncomplete, .responseCancelled, .watchStalled: "warn"
        default: "busy"
        }
    }

    func html(_ viewer: Viewer) -> HTML {
        let items = steps.map { step -> HTML in
            #"<li class="\#(step.tone)"><div class="when">\#(HTML.time(step.at))</div><div class="what"><h3>\#(step.head)</h3>\#(step.body)</div></li>"#
        }
        return #"<ol class="story">\#(items)</ol>"#
    }
}
