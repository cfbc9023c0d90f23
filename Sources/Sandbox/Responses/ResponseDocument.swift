import RawJSON

/// The parts of a response object that are the same at every vendor.
enum ResponseDocument {
    /// What a create call may set and a response repeats, with what it says when the call is silent about it.
    static let settings: [String: JSON] = [
        "instructions": .null, "max_output_tokens": .null, "max_tool_calls": .null, "parallel_tool_calls": true,
        "previous_response_id": .null, "reasoning": ["effort": .null, "summary": .null], "safety_identifier": .null,
        "service_tier": "default", "store": true, "temperature": .number("1.0"),
        "text": ["format": ["type": "text"], "verbosity": "medium"],
        "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": .number("1.0"), "truncation": "disabled", "user": .null,
    ]

    /// All settings in a fixed order, those of the call in place of the usual ones.
    static func settings(_ given: [JSON.Member]) -> [JSON.Member] {
        settings.keys.sorted().map { key in
            let value = given.first { $0.key == key }?.value
            return JSON.Member(key, value.flatMap { $0.isNull ? nil : $0 } ?? settings[key] ?? .null)
        }
    }

    static func message(id: String, status: String, text: String?) -> JSON {
        [
            "id": .string(id), "type": "message", "status": .string(status), "role": "assistant",
            "content": .array(text.map { [part($0)] } ?? []),
        ]
    }

    static func part(_ text: String) -> JSON {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    static func usage(inputTokens: Int64, outputTokens: Int64) -> JSON {
        [
            "input_tokens": .integer(inputTokens), "input_tokens_details": ["cached_tokens": 0],
            "output_tokens": .integer(outputTokens), "output_tokens_details": ["reasoning_tokens": 0],
            "total_tokens": .integer(inputTokens + outputTokens),
        ]
    }
}
