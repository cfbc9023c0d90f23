import Control
import RawJSON
import RingbackCore

/// Deliveries and the dead ones among them.
extension Dashboard {
    private static let pageSize = 50
    private static let letterFilters = ["endpoint", "reason", "since", "until"]

    func deliveries(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let filter = visit.form.query(["status", "endpoint", "response_id"])
        let cursor = visit.form.query(["cursor"])
        let query = [filter, cursor, "limit=\(Self.pageSize)"].filter { !$0.isEmpty }.joined(separator: "&")
        let list = try await visit.backend.list(DeliveryObject.self, "/v1/deliveries?\(query)")
        let table = HTML.table(
            "Deliveries", ["Response", "Event", "Endpoint", "Status", "Attempts", "Changed"], rows: list.data.map { Self.row($0) },
            empty: "No delivery is like that.")
        let pager = HTML.pager("/deliveries", query: filter, next: list.nextCursor, isFirst: cursor.isEmpty)
        let body: HTML = """
            <form class="filter" method="get" action="/deliveries" role="search" aria-label="Filter deliveries">
            \(HTML.choice("status", "Status", Delivery.Status.allCases.map(\.rawValue), chosen: visit.form["status"]))
            \(HTML.input("endpoint", "Endpoint", visit.form["endpoint"]))
            \(HTML.input("response_id", "Response id", visit.form["response_id"], hint: "resp_…"))
            <button>Filter</button></form>
            \(HTML.live("list", table + pager))
            """
        return Frame(title: "Deliveries", chapter: .deliveries, viewer: visit.viewer, liveAfter: cursor.isEmpty ? mark : nil).answer(body)
    }

    private static func row(_ delivery: DeliveryObject) -> HTML {
        """
        <tr data-delivery="\(delivery.id)"><th scope="row">\(HTML.watchLink(delivery.watch, delivery.responseID?.rawValue))</th>
        <td><a href="\(path("deliveries", delivery.id.rawValue))">\(delivery.eventType.rawValue)</a></td>
        <td>\(HTML.endpointLink(delivery.endpoint))</td><td>\(HTML.status(delivery.status.rawValue))</td><td>\(delivery.attempts)</td>
        <td>\(HTML.time(delivery.updatedAt))</td></tr>
        """
    }

    func delivery(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let delivery = try await visit.backend.get(DeliveryObject.self, path("v1", "deliveries", visit.call["id"]))
        let attempts = (delivery.attemptLog ?? []).reversed().map { attempt -> HTML in
            """
            <li class="\(attempt.outcome == .succeeded ? "good" : "bad")"><div class="when">\(HTML.time(attempt.startedAt))</div>
            <div class="what"><h3>Attempt \(attempt.number) \(HTML.status(attempt.outcome.rawValue))</h3>\(Story.attempt(attempt, of: delivery.id))</div></li>
            """
        }
        let reason: HTML? = delivery.deadReason.map { "<dt>Given up</dt><dd>\($0.rawValue)</dd>" }
        let facts: HTML = """
            <dl class="facts">
            <dt>Status</dt><dd>\(HTML.status(delivery.status.rawValue))</dd>\(reason)
            <dt>Event</dt><dd><a href="\(path("events", delivery.event.rawValue))">\(delivery.eventType.rawValue)</a></dd>
            <dt>Endpoint</dt><dd>\(HTML.endpointLink(delivery.endpoint))</dd>
            <dt>Response</dt><dd>\(HTML.watchLink(delivery.watch, delivery.responseID?.rawValue))</dd>
            <dt>Attempts</dt><dd>\(delivery.attempts)</dd>
            <dt>Next attempt</dt><dd>\(HTML.time(delivery.nextAttemptAt))</dd>
            <dt>Delivered</dt><dd>\(HTML.time(delivery.deliveredAt))</dd>
            <dt>Delivery</dt><dd><code>\(delivery.id)</code></dd>
            </dl>
            <div class="actions">\(Self.actions(delivery, visit.viewer))</div>
            """
        let log: HTML = attempts.isEmpty ? #"<p class="empty">It was not tried yet.</p>"# : #"<ol class="story">\#(Array(attempts))</ol>"#
        let body: HTML = """
            \(HTML.live("facts", facts))
            <section aria-labelledby="h-attempts"><h2 id="h-attempts">Attempts, newest first</h2>\(HTML.live("attempts", log))</section>
            """
        return Frame(title: "Delivery to \(delivery.endpoint)", chapter: .deliveries, viewer: visit.viewer, liveAfter: mark).answer(body)
    }

    private static func actions(_ delivery: DeliveryObject, _ viewer: Viewer) -> HTML {
        let id = delivery.id.rawValue
        switch delivery.status {
        case .pending:
            return
                "\(viewer.button("Try now", .admin, post: path("deliveries", id, "retry"), kind: "primary")) \(viewer.button("Discard", .admin, post: path("deliveries", id, "discard"), kind: "danger"))"
        case .dead:
            return
                "\(viewer.button("Redrive", .admin, post: path("deliveries", id, "retry"), kind: "primary")) \(viewer.button("Discard", .admin, post: path("deliveries", id, "discard"), kind: "danger"))"
        case .abandoned: return "\(viewer.button("Redrive", .admin, post: path("deliveries", id, "retry")))"
        case .delivering: return .nothing
        case .delivered:
            return
                "\(viewer.button("Send once more", .admin, post: path("events", delivery.event.rawValue, "resend"), fields: [("endpoint", delivery.endpoint.rawValue)]))"
        }
    }

    func retry(_ visit: Visit) async throws -> Answer {
        try await visit.backend.post(path("v1", "deliveries", visit.call["id"], "retry"))
        return visit.answer(to: path("deliveries", visit.call["id"]))
    }

    func discard(_ visit: Visit) async throws -> Answer {
        try await visit.backend.delete(path("v1", "deliveries", visit.call["id"]))
        return visit.answer(to: path("deliveries", visit.call["id"]))
    }

    // MARK: Dead letters

    func deadLetters(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let filter = visit.form.query(Self.letterFilters)
        let cursor = visit.form.query(["cursor"])
        let query = [filter, cursor, "limit=\(Self.pageSize)"].filter { !$0.isEmpty }.joined(separator: "&")
        let list = try await visit.backend.list(DeliveryObject.self, "/v1/dead-letters?\(query)")
        let done: HTML? = visit.form["redriven"].flatMap { Int($0) }.map {
            #"<p class="notice good" role="status">\#($0) \#($0 == 1 ? "letter was" : "letters were") made due again.</p>"#
        }
        let rows = list.data.map { letter -> HTML in
            """
            <tr data-delivery="\(letter.id)"><th scope="row">\(HTML.watchLink(letter.watch, letter.responseID?.rawValue))</th>
            <td><a href="\(path("deliveries", letter.id.rawValue))">\(letter.eventType.rawValue)</a></td><td>\(HTML.endpointLink(letter.endpoint))</td>
            <td>\(letter.deadReason?.rawValue ?? "")</td><td>\(letter.attempts)</td><td>\(HTML.time(letter.updatedAt))</td>
            <td class="actions">\(visit.viewer.button("Redrive", .admin, post: path("deliveries", letter.id.rawValue, "retry")))</td></tr>
            """
        }
        let hidden = Self.letterFilters.compactMap { name in visit.form[name].map { (name, $0) } }
        let all: HTML? =
            list.data.isEmpty
            ? nil : visit.viewer.button("Redrive all that match…", .admin, post: "/dead-letters/redrive", fields: hidden, kind: "primary")
        let table = HTML.table(
            "Dead letters", ["Response", "Event", "Endpoint", "Reason", "Attempts", "Died", "Action"], rows: rows,
            empty: "No dead letter is like that.")
        let pager = HTML.pager("/dead-letters", query: filter, next: list.nextCursor, isFirst: cursor.isEmpty)
        let body: HTML = """
            \(done)
            <form class="filter" method="get" action="/dead-letters" role="search" aria-label="Filter dead letters">
            \(HTML.input("endpoint", "Endpoint", visit.form["endpoint"]))
            \(HTML.choice("reason", "Reason", DeadReason.allCases.map(\.rawValue), chosen: visit.form["reason"]))
            \(HTML.input("since", "Died since", visit.form["since"], hint: "2026-11-25T00:00:00Z"))
            \(HTML.input("until", "Died before", visit.form["until"], hint: "2026-11-26T00:00:00Z"))
            <button>Filter</button></form>
            \(HTML.live("list", #"<div class="actions">\#(all)</div>\#(table)\#(pager)"#))
            """
        return Frame(title: "Dead letters", chapter: .deadLetters, viewer: visit.viewer, liveAfter: cursor.isEmpty ? mark : nil).answer(
            body)
    }

    /// First says how many there are; then, told that number is meant, makes them due. What died in between is not meant.
    func redrive(_ visit: Visit) async throws -> Answer {
        let filter = Self.letterFilters.compactMap { name in visit.form[name].map { JSON.Member(name, .string($0)) } }
        guard visit.form["confirmed"] == "yes", let until = visit.form["until"] else {
            let until = visit.form["until"] ?? visit.now.rfc3339
            let bounded = filter.filter { $0.key != "until" } + [JSON.Member("until", .string(until))]
            let count = try await redriven(bounded, dryRun: true, visit)
            return confirmation(of: count, filter: bounded, visit)
        }
        let bounded = filter.filter { $0.key != "until" } + [JSON.Member("until", .string(until))]
        let result = try await redriven(bounded, dryRun: false, visit)
        return visit.answer(to: "/dead-letters?redriven=\(result.redriven)")
    }

    private func redriven(_ filter: [JSON.Member], dryRun: Bool, _ visit: Visit) async throws -> RedriveObject {
        let answer = try await visit.backend.post("/v1/dead-letters/redrive", .object(filter + [JSON.Member("dry_run", .bool(dryRun))]))
        return try Backend.read(RedriveObject.self, answer)
    }

    private func confirmation(of count: RedriveObject, filter: [JSON.Member], _ visit: Visit) -> Answer {
        let fields = filter.map { ($0.key, $0.value.string ?? "") }
        let words = fields.map { name, value -> HTML in "<li>\(name): <bdi>\(value)</bdi></li>" }
        let button = visit.viewer.button(
            "Redrive \(count.matched)", .admin, post: "/dead-letters/redrive", fields: fields + [("confirmed", "yes")], kind: "primary")
        return Frame(title: "Redrive dead letters", chapter: .deadLetters, viewer: visit.viewer).answer(
            """
            <p><strong id="count">\(count.matched)</strong> dead \(count.matched == 1 ? "letter matches" : "letters match"):</p><ul>\(words)</ul>
            <p>They are sent anew, from the beginning of their schedule, after what is new.</p>
            <div class="actions">\(count.matched > 0 ? button : nil) <a class="button" href="/dead-letters">Not now</a></div>
            """)
    }
}
