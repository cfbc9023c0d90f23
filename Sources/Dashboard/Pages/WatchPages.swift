import Control
import RawJSON
import RingbackCore

/// Watches: the list, and one's story.
extension Dashboard {
    private static let pageSize = 50

    func watches(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let filter = visit.form.query(["status", "upstream", "response_id"])
        let cursor = visit.form.query(["cursor"])
        let query = [filter, cursor, "limit=\(Self.pageSize)"].filter { !$0.isEmpty }.joined(separator: "&")
        let list = try await visit.backend.list(WatchObject.self, "/v1/watches?\(query)")
        let rows = list.data.map { watch -> HTML in
            """
            <tr data-watch="\(watch.id)"><th scope="row">\(HTML.watchLink(watch.id, watch.responseID.rawValue))</th><td>\(HTML.status(watch.status.rawValue))</td>
            <td>\(watch.upstream)</td><td>\(HTML.foreign(watch.model))</td><td>\(HTML.time(watch.createdAt))</td><td>\(HTML.time(watch.terminalAt))</td></tr>
            """
        }
        let upstreams = dependencies.upstreams().map(\.name.rawValue)
        let table = HTML.table(
            "Watches", ["Response", "Status", "Upstream", "Model", "Registered", "Ended"], rows: rows, empty: "No watch is like that.")
        let pager = HTML.pager("/watches", query: filter, next: list.nextCursor, isFirst: cursor.isEmpty)
        let body: HTML = """
            <form class="filter" method="get" action="/watches" role="search" aria-label="Filter watches">
            \(HTML.choice("status", "Status", WatchStatus.allCases.map(\.rawValue), chosen: visit.form["status"]))
            \(HTML.choice("upstream", "Upstream", upstreams, chosen: visit.form["upstream"]))
            \(HTML.input("response_id", "Response id", visit.form["response_id"], hint: "resp_…"))
            <button>Filter</button></form>
            \(HTML.live("list", table + pager))
            """
        // An older page stands still: what is new belongs to the first.
        return Frame(title: "Watches", chapter: .watches, viewer: visit.viewer, liveAfter: cursor.isEmpty ? mark : nil).answer(body)
    }

    func watch(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let id = visit.call["id"]
        let watch = try await visit.backend.get(WatchObject.self, path("v1", "watches", id))
        let story = try await Story(of: watch, visit.backend, now: visit.now)
        let response = watch.terminalAt == nil ? nil : await visit.backend.bytes(path("v1", "watches", id, "response"))
        let actions: HTML = """
            \(watch.status.isOpen ? visit.viewer.button("Cancel at the upstream", .submit, post: path("watches", id, "cancel")) : nil)
            \(watch.status.isOpen ? visit.viewer.button("Stop following", .submit, post: path("watches", id, "stop"), kind: "quiet") : nil)
            """
        let body: HTML = """
            \(HTML.live("facts", Self.facts(watch, now: visit.now)))
            \(HTML.live("actions", #"<div class="actions">\#(actions)</div>"#))
            <section aria-labelledby="h-story"><h2 id="h-story">What happened</h2>
            \(HTML.live("story", story.html(visit.viewer)))</section>
            \(HTML.live("result", Self.result(response)))
            """
        return Frame(
            title: "Response \(watch.responseID)", chapter: .watches, viewer: visit.viewer, liveAfter: mark, liveAbout: watch.id.rawValue
        )
        .answer(body)
    }

    private static func facts(_ watch: WatchObject, now: Timestamp) -> HTML {
        let metadata = watch.metadata.sorted { $0.key < $1.key }.map { key, value -> HTML in
            "<li><code><bdi>\(key)</bdi></code> <bdi>\(value)</bdi></li>"
        }
        let metadataList: HTML? = metadata.isEmpty ? nil : "<dt>Metadata</dt><dd><ul class=\"plain\">\(metadata)</ul></dd>"
        let callback: HTML? = watch.callback.map {
            "<dt>Own callback</dt><dd><bdi>\($0.url)</bdi> (\($0.payload.rawValue), \($0.signed ? "signed" : "not signed"))</dd>"
        }
        let usage: HTML? = watch.usage.map { "<dt>Usage</dt><dd><code>\($0.text)</code></dd>" }
        let error: HTML? = watch.lastError.map { "<dt>Last error</dt><dd><bdi>\($0)</bdi></dd>" }
        let length: HTML =
            watch.terminalAt.map { "took \(HTML.elapsed($0.timestamp - watch.createdAt.timestamp))" }
            ?? "for \(HTML.since(watch.createdAt, now: now)), by \(watch.following.rawValue)"
        return """
            <dl class="facts">
            <dt>Status</dt><dd>\(HTML.status(watch.status.rawValue)) \(length)</dd>
            <dt>Upstream</dt><dd>\(watch.upstream)</dd>
            <dt>Model</dt><dd>\(HTML.foreign(watch.model))</dd>
            <dt>Watch</dt><dd><code>\(watch.id)</code></dd>
            \(usage)\(error)\(callback)\(metadataList)
            </dl>
            """
    }

    /// The beginning of the response object, as the upstream gave it.
    private static func result(_ bytes: [UInt8]?) -> HTML {
        guard let bytes else { return .nothing }
        let shown = String(decoding: bytes.prefix(16 * 1024), as: UTF8.self)
        let rest: HTML? = bytes.count > 16 * 1024 ? "<p class=\"hint\">The first 16 KiB of \(bytes.count) bytes.</p>" : nil
        return """
            <section aria-labelledby="h-result"><h2 id="h-result">The response</h2>
            <details id="d-result"><summary>As the upstream gave it (\(bytes.count) bytes)</summary><pre tabindex="0">\(shown)</pre>\(rest)</details></section>
            """
    }

    func event(_ visit: Visit) async throws -> Answer {
        let mark = mark
        let event = try await visit.backend.get(EventObject.self, path("v1", "events", visit.call["id"]))
        if let watch = event.watch, try await visit.backend.find(WatchObject.self, path("v1", "watches", watch.rawValue)) != nil {
            return visit.answer(to: path("watches", watch.rawValue))
        }
        let story = try await Story(of: event, visit.backend, now: visit.now)
        return Frame(title: "Event \(event.type.rawValue)", chapter: nil, viewer: visit.viewer, liveAfter: mark).answer(
            HTML.live("story", story.html(visit.viewer)))
    }

    func cancel(_ visit: Visit) async throws -> Answer {
        try await visit.backend.post(path("v1", "watches", visit.call["id"], "cancel"))
        return visit.answer(to: path("watches", visit.call["id"]))
    }

    func stop(_ visit: Visit) async throws -> Answer {
        try await visit.backend.delete(path("v1", "watches", visit.call["id"]))
        return visit.answer(to: path("watches", visit.call["id"]))
    }

    func resend(_ visit: Visit) async throws -> Answer {
        try await visit.backend.post(path("v1", "events", visit.call["id"], "resend"), ["endpoint": .string(visit.form["endpoint"] ?? "")])
        return visit.answer(to: path("events", visit.call["id"]))
    }
}
