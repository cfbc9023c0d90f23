import RawJSON
import RingbackCore

/// An event about something that never happened, made to try an endpoint with: shaped like a real one, and told from it by its ids and by
/// `"ringback.sample": "true"` in the response's metadata.
struct SampleEvent {
    /// Events that can be made; every one Ringback emits.
    static let types = EventType.all

    let event: Event
    /// For events about a response: the response object that a full payload carries.
    let response: [UInt8]?

    /// - Parameter occasion: What tells this sample from all others: its ids derive from it.
    init(_ type: EventType, endpoint: EndpointName, upstream: UpstreamName, occasion: String, now: Timestamp) {
        let eventID = EventID(type: type, occasion: occasion)
        let status = TerminalStatus.allCases.first { $0.eventType == type }?.rawValue ?? Self.openStatuses[type]
        let isAboutWatch = status != nil || type.rawValue.hasPrefix("watch.")
        let id = ResponseID(trusted: "resp_sample_\(eventID.rawValue.dropFirst(4))")
        event = Event(
            id: eventID, type: type, createdAt: now, watch: nil, upstream: isAboutWatch ? upstream : nil, response: isAboutWatch ? id : nil,
            data: Self.data(type, response: isAboutWatch ? id : nil, endpoint: endpoint).bytes)
        response = status.map { Self.response(id, status: $0, now: now).bytes }
    }

    private static let openStatuses: [EventType: String] = [
        EventType("response.queued"): "queued", EventType("response.in_progress"): "in_progress",
        EventType("response.requires_action"): "requires_action",
    ]

    private static func data(_ type: EventType, response: ResponseID?, endpoint: EndpointName) -> JSON {
        guard let response else { return ["endpoint": .string(endpoint.rawValue)] }
        guard type.rawValue.hasPrefix("watch.") else { return ["id": .string(response.rawValue)] }
        return ["id": .string(response.rawValue), "reason": "a sample: nothing happened"]
    }

    private static func response(_ id: ResponseID, status: String, now: Timestamp) -> JSON {
        let created = now.unixSeconds - 42
        var members: [JSON.Member] = [
            .init("id", .string(id.rawValue)), .init("object", "response"), .init("created_at", .integer(created)),
            .init("status", .string(status)), .init("background", true), .init("model", "sample-model"),
            .init("metadata", ["ringback.sample": "true"]),
        ]
        switch status {
        case "completed":
            members += [.init("completed_at", .integer(now.unixSeconds)), .init("error", nil), .init("incomplete_details", nil)]
        case "failed":
            members += [
                .init("error", ["code": "server_error", "message": "The model failed to answer. This is a sample."]),
                .init("incomplete_details", nil),
            ]
        case "incomplete":
            members += [.init("error", nil), .init("incomplete_details", ["reason": "max_output_tokens"])]
        default:
            members += [.init("error", nil), .init("incomplete_details", nil)]
        }
        let hasText = status == "completed" || status == "incomplete"
        members.append(.init("output", hasText ? [message(status: status)] : []))
        if hasText { members.append(.init("usage", usage)) }
        return .object(members)
    }

    private static func message(status: String) -> JSON {
        [
            "id": "msg_sample", "type": "message", "role": "assistant", "status": .string(status),
            "content": [["type": "output_text", "text": "This is what a model would have written.", "annotations": []]],
        ]
    }

    private static let usage: JSON = [
        "input_tokens": 12, "input_tokens_details": ["cached_tokens": 0], "output_tokens": 345,
        "output_tokens_details": ["reasoning_tokens": 0], "total_tokens": 357,
    ]
}

/// The body of `POST /v1/endpoints/{name}/test`: which event to make; none means `ringback.test`.
struct TestRequest {
    let type: EventType

    init(_ body: [UInt8]) throws(Problem) {
        guard !body.isEmpty else {
            type = .ringbackTest
            return
        }
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: ["type"], problems: problems)
        let text = fields.string("type") ?? EventType.ringbackTest.rawValue
        let known = SampleEvent.types.map(\.rawValue)
        if !known.contains(text) { fields.report("type", "no event is called so.\(Suggestion.text(for: text, among: known))") }
        try problems.check()
        type = EventType(text)
    }
}
