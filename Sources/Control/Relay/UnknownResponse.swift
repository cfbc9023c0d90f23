import ResponsesAPI

/// Whether a refusal (400) means that the upstream does not know the response, as LiteLLM's does and those of servers that check ids first.
enum UnknownResponse {
    private static let words = [
        "not found", "not_found", "no such", "does not exist", "unknown response", "expired", "no healthy deployments",
    ]

    static func isMeant(by body: [UInt8]) -> Bool {
        guard let message = ErrorMessage.read(body: body)?.lowercased() else { return false }
        return words.contains { message.contains($0) }
    }
}
