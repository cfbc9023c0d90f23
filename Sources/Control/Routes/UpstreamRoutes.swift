import RingbackCore
import Store

/// `/v1/upstreams`: the upstreams as they are configured, how they are doing, and what was learned about them. Read-only.
struct UpstreamRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/v1/upstreams") { try await list($0) },
            .get("/v1/upstreams/:name") { try await show($0) },
        ]
    }

    /// Upstreams are few and come in the order of the configuration, so there is one page.
    private func list(_ call: Call) async throws -> Answer {
        let query = ListQuery(call.query, filters: [])
        let page = query.page()
        try query.check()
        let objects = await objects()
        let start = page.cursor.flatMap { cursor in objects.firstIndex { $0.name.rawValue == cursor.id } }.map { $0 + 1 } ?? 0
        let shown = Array(objects[start...].prefix(page.limit))
        let next = start + shown.count < objects.count ? shown.last : nil
        let cursor = next.map { PageCursor(createdAt: Timestamp(milliseconds: 0), id: $0.name.rawValue) }
        return try .json(ListObject(Page(elements: shown, nextCursor: cursor)) { $0 })
    }

    private func show(_ call: Call) async throws -> Answer {
        let objects = await objects()
        guard let object = objects.first(where: { $0.name.rawValue == call["name"] }) else {
            let suggestion = Suggestion.text(for: call["name"], among: objects.map(\.name.rawValue))
            throw Problem(.notFound, "there is no upstream of that name.\(suggestion)")
        }
        return try .json(object)
    }

    private func objects() async -> [UpstreamObject] {
        let states = await dependencies.upstreamStates()
        return dependencies.upstreams().enumerated().compactMap { number, upstream in
            // The engine has heard of a changed configuration a moment later or earlier.
            states[upstream.name].map { UpstreamObject(upstream, isDefault: number == 0, state: $0) }
        }
    }
}
