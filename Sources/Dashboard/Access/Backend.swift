import Control
import HTTPTypes
import RawJSON
import RingbackCore
import Store

/// What pages are made from: the API, as the viewer may see it. Nothing is shown that the API would not show.
struct Backend: Sendable {
    let api: ControlAPI
    let call: Call
    let caller: Caller

    /// - Throws: The API's ``Problem``.
    func get<Value: Decodable>(_ type: Value.Type, _ target: String) async throws -> Value {
        try Self.read(type, await api.answer(.get, target, as: caller, for: call))
    }

    /// - Returns: `nil` for what is not there (404, 410).
    func find<Value: Decodable>(_ type: Value.Type, _ target: String) async throws -> Value? {
        let answer = await api.answer(.get, target, as: caller, for: call)
        return [404, 410].contains(answer.status.code) ? nil : try Self.read(type, answer)
    }

    func list<Element>(_ type: Element.Type, _ target: String) async throws -> ListObject<Element>
    where Element: Codable & Sendable & Hashable {
        try await get(ListObject<Element>.self, target)
    }

    /// - Returns: The answer of a call that changed something; whatever it says, it succeeded.
    @discardableResult
    func post(_ target: String, _ body: JSON = .object([])) async throws -> Answer {
        try await change(.post, target, body.bytes)
    }

    func delete(_ target: String) async throws {
        try await change(.delete, target, [])
    }

    /// The body of an answer that is no object of the API.
    func bytes(_ target: String) async -> [UInt8]? {
        let answer = await api.answer(.get, target, as: caller, for: call)
        return answer.status == .ok ? answer.body : nil
    }

    @discardableResult
    private func change(_ method: HTTPRequest.Method, _ target: String, _ body: [UInt8]) async throws -> Answer {
        let answer = await api.answer(method, target, body: body, as: caller, for: call)
        guard answer.status.kind == .successful else { throw try APICoding.decode(Problem.self, from: answer.body) }
        return answer
    }

    static func read<Value: Decodable>(_ type: Value.Type, _ answer: Answer) throws -> Value {
        guard answer.status.kind == .successful else { throw try APICoding.decode(Problem.self, from: answer.body) }
        return try APICoding.decode(type, from: answer.body)
    }
}

/// A path of the API or of the dashboard, with its parts encoded.
func path(_ parts: String..., query: String = "") -> String {
    "/" + parts.map { PercentEncoding.encode($0) }.joined(separator: "/") + (query.isEmpty ? "" : "?\(query)")
}
