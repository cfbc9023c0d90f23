import Cryptography
import RawJSON
import RingbackCore

extension CreateFacts {
    /// Members of a create that vendors repeat in the response object as they were given. Not among them: what a vendor may replace by its
    /// own word, such as `service_tier`.
    private static let repeated: Set<String> = [
        "instructions", "max_output_tokens", "max_tool_calls", "parallel_tool_calls", "previous_response_id", "prompt_cache_key",
        "safety_identifier", "store", "temperature", "top_logprobs", "top_p", "truncation", "user",
    ]

    /// Reads the body of a create, or a response object.
    ///
    /// - Throws: `JSONError` when it is not a JSON object.
    init(json: [UInt8]) throws(JSONError) {
        let bytes = json.span
        let members = try JSONText.members(Self.repeated.union(["model", "metadata"]), in: bytes)
        var metadata: [String: String] = [:]
        if let object = members["metadata"], object.kind == .object {
            var entries = try RawMembers(of: object, in: bytes)
            while let entry = try entries.next(in: bytes) {
                guard let key = entry.key.string(in: bytes), metadata[key] == nil else { continue }
                metadata[key] = entry.value.string(in: bytes)
            }
        }
        var digests: [String: String] = [:]
        for name in Self.repeated {
            digests[name] = members[name].flatMap { Self.digest($0, in: bytes) }
        }
        self.init(model: members["model"]?.string(in: bytes), metadata: metadata, digests: digests)
    }

    /// The same for the same value, however it is written: `1` and `1.0`, `"é"` and `"\u00e9"`.
    private static func digest(_ value: RawValue, in bytes: Span<UInt8>) -> String? {
        let text: String
        switch value.kind {
        case .string: text = value.string(in: bytes) ?? ""
        case .bool: text = value.bool(in: bytes) == true ? "true" : "false"
        case .number: text = Double(String(decoding: value.bytes(in: bytes), as: UTF8.self)).map { "\($0)" } ?? ""
        case .object, .array, .null: return nil
        }
        return Hex.encode(SHA256.digest(of: Array("\(value.kind.rawValue):\(text)".utf8)).prefix(16))
    }

    /// Whether `response`, read from a response object, may be what a create with these facts made. What the vendor does not repeat
    /// contradicts nothing.
    func mayHaveMade(_ response: CreateFacts) -> Bool {
        Self.isSame(model: model, response.model) && metadata == response.metadata
            && digests.allSatisfy { name, digest in response.digests[name].map { $0 == digest } ?? true }
    }

    /// Vendors name the version behind an alias: `gpt-5` makes `gpt-5-2025-08-07`.
    private static func isSame(model asked: String?, _ named: String?) -> Bool {
        guard let asked, let named else { return true }
        return named == asked || named.hasPrefix(asked + "-")
    }
}
