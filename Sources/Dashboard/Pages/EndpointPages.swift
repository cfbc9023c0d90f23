import Control
import HTTPTypes
import RawJSON
import RingbackCore

/// Endpoints, and where callbacks may go.
extension Dashboard {
    func endpoints(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let cursor = visit.form.query(["cursor"])
        let list = try await visit.backend.list(EndpointObject.self, "/v1/endpoints?limit=50\(cursor.isEmpty ? "" : "&\(cursor)")")
        let cards = try await endpointCards(list.data, visit, isOwnPage: true)
        let pager = HTML.pager("/endpoints", query: "", next: list.nextCursor, isFirst: cursor.isEmpty)
        return Frame(title: "Endpoints", chapter: .endpoints, viewer: visit.viewer, liveAfter: mark).answer(
            HTML.live("list", cards + pager))
    }

    func endpoint(_ visit: Visit) async throws -> Answer {
        try await endpointPage(visit, tried: nil)
    }

    private func endpointPage(_ visit: Visit, tried: AttemptObject?) async throws -> Answer {
        let mark = mark
        let name = visit.call["name"]
        let endpoint = try await visit.backend.get(EndpointObject.self, path("v1", "endpoints", name))
        let minutes = await dependencies.history(endpoint.name).lastHour(now: visit.now)
        let health: HTML = """
            <p>\(Self.health(endpoint))</p>
            <p class="hint">\(Plot.summary(minutes))</p>
            <div class="plots"><figure>\(Plot.attempts(minutes))<figcaption>Attempts by the minute, last hour</figcaption></figure>
            <figure>\(Plot.latency(minutes))<figcaption>Mean time by the minute, last hour</figcaption></figure></div>
            <div class="actions">
            \(visit.viewer.button("Send a test event", .admin, post: path("endpoints", name, "test"), kind: "primary"))
            \(endpoint.enabled ? visit.viewer.button("Disable", .admin, post: path("endpoints", name, "disable"), kind: "danger")
                : visit.viewer.button("Enable", .admin, post: path("endpoints", name, "enable")))
            </div>
            """
        let test: HTML? = tried.map {
            """
            <section class="panel" aria-labelledby="h-test"><h2 id="h-test">The test \(HTML.status($0.outcome.rawValue))</h2>
            \(Story.attempt($0, of: DeliveryID(trusted: "test")))</section>
            """
        }
        let query = "endpoint=\(PercentEncoding.encode(name))"
        let body: HTML = """
            \(test)
            \(HTML.live("health", health))
            <section aria-labelledby="h-how"><h2 id="h-how">How it is set</h2>\(Self.settings(endpoint))</section>
            <p><a class="button" href="/deliveries?\(query)">Its deliveries</a> <a class="button" href="/dead-letters?\(query)">Its dead letters</a></p>
            """
        return Frame(title: "Endpoint \(name)", chapter: .endpoints, viewer: visit.viewer, liveAfter: mark).answer(body)
    }

    private static func settings(_ endpoint: EndpointObject) -> HTML {
        let match = [
            endpoint.match.upstream.map { "upstream \($0)" }, endpoint.match.model.map { "model \($0)" },
            endpoint.match.metadata.isEmpty
                ? nil : endpoint.match.metadata.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", "),
            endpoint.match.status.isEmpty ? nil : endpoint.match.status.map(\.rawValue).joined(separator: " or "),
        ].compactMap(\.self)
        let signers = endpoint.signers.map { "\($0.scheme.rawValue)\($0.expiresAt.map { " until \($0)" } ?? "")" }.joined(separator: ", ")
        return """
            <dl class="facts">
            <dt>Goes to</dt><dd><bdi>\(endpoint.url ?? endpoint.inbox ?? endpoint.preset ?? endpoint.command ?? "–")</bdi></dd>
            <dt>Made by</dt><dd>\(endpoint.origin == "api" ? "the API" : "the configuration file")</dd>
            <dt>Events</dt><dd>\(endpoint.events.joined(separator: ", "))</dd>
            <dt>Only where</dt><dd>\(HTML.foreign(match.joined(separator: "; ")))</dd>
            <dt>By the proxy</dt><dd>\(HTML.foreign(endpoint.proxy))</dd>
            <dt>Payload</dt><dd>\(endpoint.payload?.rawValue ?? "–")</dd>
            <dt>Signed by</dt><dd>\(signers.isEmpty ? "nothing" : signers)</dd>
            <dt>Time out</dt><dd>\(endpoint.timeout), to connect \(endpoint.connectTimeout)</dd>
            <dt>Tried again after</dt><dd>\(endpoint.retry.schedule.joined(separator: ", "))</dd>
            <dt>At once</dt><dd>\(endpoint.maxInFlight)\(endpoint.rateLimit.map { ", at most \($0)" } ?? "")</dd>
            <dt>One message for many</dt><dd>\(endpoint.digest.map { "after \($0.window), or with \($0.max)" } ?? "no")</dd>
            </dl>
            """
    }

    func test(_ visit: Visit) async throws -> Answer {
        let answer = try await visit.backend.post(path("v1", "endpoints", visit.call["name"], "test"))
        return try await endpointPage(visit, tried: try Backend.read(AttemptObject.self, answer))
    }

    func enable(_ visit: Visit) async throws -> Answer {
        try await visit.backend.post(path("v1", "endpoints", visit.call["name"], "enable"))
        return visit.answer(to: path("endpoints", visit.call["name"]))
    }

    func disable(_ visit: Visit) async throws -> Answer {
        try await visit.backend.post(path("v1", "endpoints", visit.call["name"], "disable"))
        return visit.answer(to: path("endpoints", visit.call["name"]))
    }

    // MARK: Explaining

    func explain(_ visit: Visit) async throws -> Answer {
        let url = visit.call.head.method == .post ? visit.form["url"] : nil
        var verdict: HTML?
        if let url {
            let answer = try await visit.backend.post("/v1/explain", ["url": .string(url)])
            verdict = Self.verdict(try Backend.read(ExplanationObject.self, answer))
        }
        let ask: HTML? =
            visit.viewer.may(.submit)
            ? """
            <form class="panel" method="post" action="/explain">\(visit.viewer.proof)
            <label>URL of a callback <input type="url" name="url" value="\(url ?? "")" required placeholder="https://app.example.com/hooks" spellcheck="false"></label>
            <button class="primary">Explain</button></form>
            """
            : #"<p class="notice">This needs a token with the scope <code>submit</code>.</p>"#
        return Frame(title: "Explain a URL", chapter: .explain, viewer: visit.viewer).answer(
            "<p>Would a callback to this URL be let out? Asked of the very guard that judges registrations and attempts.</p>\(ask)\(verdict)"
        )
    }

    private static func verdict(_ explanation: ExplanationObject) -> HTML {
        let addresses = (explanation.addresses ?? []).map { address -> HTML in
            "<tr><th scope=\"row\"><code>\(address.address)</code></th><td>\(HTML.status(address.allowed ? "allowed" : "refused"))</td><td>\(address.rule)</td></tr>"
        }
        let table = addresses.isEmpty ? HTML.nothing : HTML.table("Addresses", ["Address", "Verdict", "Rule"], rows: addresses, empty: "")
        return """
            <section class="panel" aria-labelledby="h-verdict" id="verdict"><h2 id="h-verdict">\(HTML.status(explanation.allowed ? "allowed" : "refused"))</h2>
            <dl class="facts"><dt>URL</dt><dd>\(HTML.foreign(explanation.url))</dd><dt>Reason</dt><dd>\(HTML.foreign(explanation.reason))</dd>
            <dt>Rule</dt><dd>\(HTML.foreign(explanation.rule))</dd><dt>Detail</dt><dd>\(HTML.foreign(explanation.detail))</dd></dl>\(table)</section>
            """
    }
}
