import Foundation
import RingbackCore

/// A response object as the sandbox writes it: the shape of the Responses API's documents.
struct ResponseDocument: Encodable {
    struct OutputItem: Encodable {
        let id: String
        let type = "message"
        let status: String
        let role = "assistant"
        let content: [Content]
    }

    struct Content: Encodable {
        let type = "output_text"
        let text: String
        let annotations: [String] = []
    }

    struct Failure: Encodable {
        let code: String
        let message: String
    }

    struct IncompleteDetails: Encodable {
        let reason: String
    }

    struct Usage: Encodable {
        struct InputDetails: Encodable {
            let cached_tokens = 0
        }

        struct OutputDetails: Encodable {
            let reasoning_tokens = 0
        }

        let input_tokens: Int
        let input_tokens_details = InputDetails()
        let output_tokens: Int
        let output_tokens_details = OutputDetails()
        let total_tokens: Int
    }

    /// A time as the dialect writes it.
    enum Time: Encodable {
        case whole(Int64)
        case fraction(Double)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .whole(let seconds): try container.encode(seconds)
            case .fraction(let seconds): try container.encode(seconds)
            }
        }
    }

    var id: String
    let object = "response"
    var created_at: Time
    var completed_at: Time?
    var status: String
    var background: Bool
    var error: Failure?
    var incomplete_details: IncompleteDetails?
    let instructions: String? = nil
    var model: String
    var output: [OutputItem]
    let parallel_tool_calls = true
    let temperature = 1.0
    let tool_choice = "auto"
    let tools: [String] = []
    let top_p = 1.0
    var usage: Usage?
    var metadata: [String: String]

    func json() -> String { encodedJSON(self) }
}

/// Sorted keys make runs comparable; unescaped slashes are what vendors send.
func encodedJSON(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
        preconditionFailure("the sandbox's documents are plain values and can always be encoded")
    }
    return String(decoding: data, as: UTF8.self)
}
