import Hummingbird
import RawJSON
import RingbackCore

extension SandboxRoutes {
    func cancel(_ response: SandboxResponse) async throws -> Response {
        switch await upstream.cancel(response.id) {
        case nil: return answers.unknown(response.id)
        case .refused(let refusal): return answers.refusal(refusal.filling("id", response.shownID))
        case .waits: _ = try await upstream.ended(response.id)
        case .done: break
        }
        let id = response.shownID
        if dialect.cancelling.answer == .intention { return answers.json(["response_id": .string(id), "status": "cancelling"]) }
        guard let cancelled = await upstream.current(response) else { return answers.unknown(id) }
        let shown = dialect.cancelling.answer == .responseOfTheBack ? response.id : id
        return answers.json(cancelled.document(now: await upstream.now(), id: shown))
    }

    func delete(_ response: SandboxResponse) async -> Response {
        guard dialect.calls.delete else { return answers.refusal(Self.methodNotAllowed) }
        await upstream.delete(response.id)
        return answers.json(["id": .string(response.shownID), "object": "response", "deleted": true])
    }

    static let methodNotAllowed = Refusal(405, "Method Not Allowed", code: "method_not_allowed")
}
