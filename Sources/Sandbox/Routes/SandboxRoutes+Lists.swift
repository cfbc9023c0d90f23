import Hummingbird
import RawJSON

extension SandboxRoutes {
    func inputItems(_ response: SandboxResponse, _ request: Request) async throws -> Response {
        guard dialect.calls.inputItems else { return answers.refusal(Refusal(404, "Not Found", code: "not_found")) }
        return page(response.inputItems.map { (id: $0["id"]?.string ?? "", item: $0) }, request) { $0 }
    }

    func list(_ request: Request) async throws -> Response {
        guard dialect.calls.list else { return answers.refusal(Self.methodNotAllowed) }
        let now = await upstream.now()
        return page(await upstream.all(for: user(of: request)).map { (id: $0.id, item: $0) }, request) { $0.document(now: now) }
    }

    private func page<Item>(_ items: [(id: String, item: Item)], _ request: Request, json element: (Item) -> JSON) -> Response {
        let query = request.uri.queryParameters
        func text(_ name: Substring) -> String? { query[name].map { String($0) } }
        do {
            let page = try ListPage(
                of: items.map(\.id),
                ListPage.Query(limit: text("limit"), order: text("order"), after: text("after"), before: text("before")))
            let elements = Dictionary(items.map { ($0.id, $0.item) }, uniquingKeysWith: { first, _ in first })
            return answers.json(page.json(page.ids.compactMap { elements[$0] }.map(element)))
        } catch {
            return answers.refusal(
                Refusal(400, "'\(error.parameter)' has to be \(error.expected).", code: "invalid_value", param: error.parameter))
        }
    }
}
