import Control
import RingbackCore

/// What is going on: followed now, rang, failed, and how the endpoints do.
extension Dashboard {
    private static let shownWatches = 15
    private static let shownDeliveries = 10

    func overview(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let counts = try await figures.counts()
        let upstreams = try await visit.backend.list(UpstreamObject.self, "/v1/upstreams")
        let endpoints = try await visit.backend.list(EndpointObject.self, "/v1/endpoints?limit=100").data
        let body: HTML = """
            \(HTML.live("figures", Self.figures(counts)))
            <div class="columns">
            <section aria-labelledby="h-now"><h2 id="h-now">Followed now</h2>
            \(HTML.live("now", try await followedNow(visit)))</section>
            <section aria-labelledby="h-rang"><h2 id="h-rang">Rang</h2>
            \(HTML.live("rang", try await rang(visit)))</section>
            </div>
            <section aria-labelledby="h-failed"><h2 id="h-failed">Failed, and why</h2>
            \(HTML.live("failed", try await failed(visit)))</section>
            <section aria-labelledby="h-endpoints"><h2 id="h-endpoints">Endpoints</h2>
            \(HTML.live("endpoints", try await endpointCards(endpoints, visit)))</section>
            <section aria-labelledby="h-upstreams"><h2 id="h-upstreams">Upstreams</h2>
            \(HTML.live("upstreams", Self.upstreams(upstreams.data)))</section>
            """
        return Frame(title: "Overview", chapter: .overview, viewer: visit.viewer, liveAfter: mark).answer(body)
    }

    private static func figures(_ counts: Figures.Counts) -> HTML {
        """
        <ul class="figures">
        <li><a href="/watches"><strong>\(counts.watches)</strong> followed now</a></li>
        <li><a href="/deliveries?status=pending"><strong>\(counts.waiting)</strong> deliveries wait</a></li>
        <li class="\(counts.dead > 0 ? "bad" : "")"><a href="/dead-letters"><strong>\(counts.dead)</strong> dead letters</a></li>
        </ul>
        """
    }

    private func followedNow(_ visit: Visit) async throws -> HTML {
        var watches: [WatchObject] = []
        for status in ["in_progress", "queued"] {
            watches += try await visit.backend.list(WatchObject.self, "/v1/watches?status=\(status)&limit=\(Self.shownWatches)").data
        }
        let newest = watches.sorted { $0.createdAt.timestamp > $1.createdAt.timestamp }.prefix(Self.shownWatches)
        let rows = newest.map { watch -> HTML in
            """
            <tr data-watch="\(watch.id)"><th scope="row">\(HTML.watchLink(watch.id, watch.responseID.rawValue))</th><td>\(HTML.status(watch.status.rawValue))</td>
            <td>\(HTML.foreign(watch.model))</td><td>\(watch.following.rawValue)\(watch.sequenceNumber.map { HTML(stringLiteral: ", event \($0)") })</td>
            <td>\(HTML.since(watch.createdAt, now: visit.now))</td></tr>
            """
        }
        return HTML.table(
            "Followed now", ["Response", "Status", "Model", "By", "For"], rows: rows, empty: "Nothing is followed at the moment.")
    }

    private func rang(_ visit: Visit) async throws -> HTML {
        let delivered = try await visit.backend.list(DeliveryObject.self, "/v1/deliveries?status=delivered&limit=\(Self.shownDeliveries)")
        let rows = delivered.data.map { delivery -> HTML in
            """
            <tr><th scope="row">\(HTML.watchLink(delivery.watch, delivery.responseID?.rawValue))</th>
            <td><a href="\(path("deliveries", delivery.id.rawValue))">\(delivery.eventType.rawValue)</a></td>
            <td>\(HTML.endpointLink(delivery.endpoint))</td><td>\(HTML.clock(delivery.deliveredAt))</td></tr>
            """
        }
        return HTML.table("Rang", ["Response", "Event", "Endpoint", "Delivered"], rows: rows, empty: "Nothing has rung yet.")
    }

    private func failed(_ visit: Visit) async throws -> HTML {
        let waiting = try await visit.backend.list(DeliveryObject.self, "/v1/deliveries?status=pending&limit=100").data
        let dead = try await visit.backend.list(DeliveryObject.self, "/v1/dead-letters?limit=\(Self.shownDeliveries)").data
        let failing = (waiting.filter { $0.attempts > 0 } + dead)
            .sorted { $0.updatedAt.timestamp > $1.updatedAt.timestamp }.prefix(Self.shownDeliveries)
        var rows: [HTML] = []
        for delivery in failing {
            let whole = try await visit.backend.find(DeliveryObject.self, "/v1/deliveries/\(PercentEncoding.encode(delivery.id.rawValue))")
            rows.append(
                """
                <tr><th scope="row">\(HTML.watchLink(delivery.watch, delivery.responseID?.rawValue))</th><td>\(HTML.endpointLink(delivery.endpoint))</td>
                <td><a href="\(path("deliveries", delivery.id.rawValue))">\(HTML.status(delivery.status.rawValue))</a></td>
                <td>\(Self.why(delivery, whole?.attemptLog?.last))</td>
                <td>\(delivery.attempts)</td><td>\(HTML.time(delivery.nextAttemptAt))</td></tr>
                """)
        }
        return HTML.table(
            "Failed, and why", ["Response", "Endpoint", "Status", "Why", "Attempts", "Next attempt"], rows: rows,
            empty: "Nothing has failed.")
    }

    /// Why a delivery is not delivered, by its last attempt.
    static func why(_ delivery: DeliveryObject, _ attempt: AttemptObject?) -> HTML {
        let reason: HTML? = delivery.deadReason.map { "\($0.rawValue)" }
        let status: HTML? = attempt?.httpStatus.map { "HTTP \($0)" }
        let error: HTML? = attempt?.error.map { $0 == .httpStatus ? .nothing : "\($0.rawValue)" }
        let detail: HTML? = attempt?.detail.map { "<bdi>\($0)</bdi>" }
        let parts = [reason, status, error, detail].compactMap(\.self).filter { !$0.text.isEmpty }.map(\.text)
        return parts.isEmpty ? "–" : HTML(stringLiteral: parts.joined(separator: " · "))
    }

    func endpointCards(_ endpoints: [EndpointObject], _ visit: Visit, isOwnPage: Bool = false) async throws -> HTML {
        guard !endpoints.isEmpty else { return #"<p class="empty">No endpoint is configured.</p>"# }
        var cards: [HTML] = []
        for endpoint in endpoints {
            let minutes = await dependencies.history(endpoint.name).lastHour(now: visit.now)
            let link = HTML.endpointLink(endpoint.name)
            let heading: HTML = isOwnPage ? "<h2>\(link)</h2>" : "<h3>\(link)</h3>"
            cards.append(
                """
                <li class="card">\(heading)<p>\(Self.health(endpoint))</p>
                \(Plot.attempts(minutes))<p class="hint">\(Plot.summary(minutes))</p></li>
                """)
        }
        return #"<ul class="cards">\#(cards)</ul>"#
    }

    /// Whether deliveries flow, in words.
    static func health(_ endpoint: EndpointObject) -> HTML {
        guard endpoint.enabled else { return "\(HTML.status("disabled")) \(HTML.foreign(endpoint.disabledReason))" }
        switch endpoint.breaker.state {
        case .closed: return "\(HTML.status("enabled")) deliveries flow"
        case .open: return "\(HTML.status("open")) breaker open, deliveries wait; next probe \(HTML.time(endpoint.breaker.nextProbeAt))"
        case .halfOpen: return "\(HTML.status("half open")) breaker half open, a probe goes out"
        }
    }

    private static func upstreams(_ upstreams: [UpstreamObject]) -> HTML {
        let rows = upstreams.map { upstream -> HTML in
            """
            <tr><th scope="row">\(upstream.name)</th><td>\(HTML.status(upstream.health.status.rawValue))</td><td>\(HTML.foreign(upstream.baseURL))</td>
            <td>\(upstream.streams) of \(upstream.maximumStreams)</td><td>\(upstream.waitingRequests)</td><td>\(HTML.foreign(upstream.health.lastError))</td></tr>
            """
        }
        return HTML.table(
            "Upstreams", ["Upstream", "Health", "Base URL", "Streams", "Requests waiting", "Last error"], rows: rows,
            empty: "No upstream is configured.")
    }
}
