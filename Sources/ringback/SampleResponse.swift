import Foundation
import RawJSON
import RingbackCore

/// A response object that never was, to look at presets with.
enum SampleResponse {
    static func bytes(_ status: TerminalStatus) -> [UInt8] {
        let now = Int64(Date().timeIntervalSince1970)
        var members: [JSON.Member] = [
            .init("id", "resp_sample"), .init("object", "response"), .init("created_at", .integer(now - 42)),
            .init("status", .string(status.rawValue)), .init("background", true), .init("model", "sample-model"),
            .init("metadata", ["team": "search"]),
        ]
        switch status {
        case .completed: members += text + usage
        case .incomplete: members += [.init("incomplete_details", ["reason": "max_output_tokens"])] + text + usage
        case .failed:
            let error: JSON = ["code": "server_error", "message": "The model failed to answer. This is a sample."]
            members.append(.init("error", error))
        case .cancelled: break
        }
        return JSON.object(members).bytes
    }

    private static var text: [JSON.Member] {
        let part: JSON = ["type": "output_text", "text": "This is what a model would have written.", "annotations": []]
        return [.init("output", [["type": "message", "role": "assistant", "content": [part]]])]
    }

    private static var usage: [JSON.Member] {
        [.init("usage", ["input_tokens": 12, "output_tokens": 345, "total_tokens": 357])]
    }
}
