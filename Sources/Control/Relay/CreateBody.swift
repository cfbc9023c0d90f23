import RawJSON
import RingbackCore

/// What the proxy looks at in the body of a create call. The body itself goes on byte for byte.
struct CreateBody: Sendable {
    /// Only background responses are watched: any other ends with the call that made it.
    let isBackground: Bool
    let isStreaming: Bool
    let facts: CreateFacts

    /// - Throws: ``Problem`` when the body is not a JSON object.
    init(_ body: [UInt8]) throws(Problem) {
        do {
            let members = try JSONText.members(["background", "stream"], in: body.span)
            isBackground = members["background"]?.bool(in: body.span) ?? false
            isStreaming = members["stream"]?.bool(in: body.span) ?? false
            facts = try CreateFacts(json: body)
        } catch {
            throw Problem(.malformedJSON, "\(error)")
        }
    }
}
