import RawJSON
import RingbackCore

/// The ids in a vendor's webhook that may be a response's, the likeliest first.
///
/// | place | who writes it there |
/// |---|---|
/// | `data.id` | OpenAI's envelope, whose own `id` is the event's |
/// | `data.response.id`, `response.id` | an envelope around the response, or a stream's event |
/// | `data.response_id`, `response_id` | an envelope that names the response |
/// | `id` | the response object itself |
struct MentionedResponses {
    let ids: [ResponseID]

    private static let places = [
        ["data", "id"], ["data", "response", "id"], ["response", "id"], ["data", "response_id"], ["response_id"], ["id"],
    ]

    /// - Returns: `nil` when `body` is no JSON object, or none of the places holds what could be an id.
    init?(_ body: [UInt8]) {
        guard case .object(let members)? = Self.parse(body) else { return nil }
        let root = JSON.object(members)
        let texts = Self.places.compactMap { path in
            path.reduce(root as JSON?) { value, name in value?[name] }?.string
        }
        ids = unique(texts.compactMap(Self.identifier))
        guard !ids.isEmpty else { return nil }
    }

    private static func parse(_ body: [UInt8]) -> JSON? {
        do {
            return try JSON(parsing: body)
        } catch {
            // What exactly is wrong with it is of no use to a vendor's sender.
            return nil
        }
    }

    private static func identifier(_ text: String) -> ResponseID? {
        do {
            return try ResponseID(validating: text)
        } catch {
            // A text that cannot be an id is none.
            return nil
        }
    }
}
