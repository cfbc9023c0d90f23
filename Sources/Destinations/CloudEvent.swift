import RawJSON
import RingbackCore

/// An event as a CloudEvent (CloudEvents 1.0.2; HTTP Protocol Binding for CloudEvents 1.0.2).
///
/// | attribute | value |
/// |---|---|
/// | `id` | the event's id, which is the `webhook-id` too |
/// | `source` | `/upstreams/<name>`, which is also the upstream's path at Ringback; `/` for events that concern no upstream |
/// | `type` | `response.completed` and so on, as everywhere |
/// | `subject` | the response id; left out where there is none |
/// | `time` | when the event was recorded |
/// | `data` | the response object byte for byte; where none is kept, the event's own small `data`, which says why |
enum CloudEvent {
    /// The media type of the structured mode (JSON Event Format for CloudEvents, section 3).
    static let structuredType = "application/cloudevents+json; charset=utf-8"

    /// Structured mode: everything in one JSON object.
    static func structured(_ event: Event, response: [UInt8]?) -> [UInt8] {
        var members = attributes(of: event).map { JSON.Member($0.name, .string($0.value)) }
        members.append(JSON.Member("datacontenttype", "application/json"))
        members.append(JSON.Member("data", .raw(data(of: event, response: response))))
        return JSON.object(members).bytes
    }

    /// Binary mode: each attribute in a header. The data's media type is the request's own Content-Type.
    ///
    /// Section 3.1.3.2 of the binding asks for percent-encoding of spaces, quotes, percent signs and everything outside printable ASCII.
    /// Names and response ids with any of those are not accepted in the first place.
    static func headers(of event: Event) -> [(name: String, value: String)] {
        attributes(of: event).map { (name: "ce-\($0.name)", value: $0.value) }
    }

    static func data(of event: Event, response: [UInt8]?) -> [UInt8] {
        PayloadBuilder.data(of: event, response: response)
    }

    private static func attributes(of event: Event) -> [(name: String, value: String)] {
        var attributes = [
            (name: "specversion", value: "1.0"), (name: "id", value: event.id.rawValue),
            (name: "source", value: event.upstream.map { "/upstreams/\($0)" } ?? "/"), (name: "type", value: event.type.rawValue),
            (name: "time", value: event.createdAt.rfc3339),
        ]
        if let response = event.response { attributes.append((name: "subject", value: response.rawValue)) }
        return attributes
    }
}
