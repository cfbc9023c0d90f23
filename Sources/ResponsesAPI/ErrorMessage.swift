import RawJSON

/// What vendors' error bodies say, in the shapes they have:
///
/// | body | who |
/// |---|---|
/// | `{"error": {"message": "…", "code": "…"}}` | OpenAI and most others |
/// | `{"error": {"message": "…", "code": 404}}` | vLLM, SGLang |
/// | `{"error": "…"}` | MKA1 |
/// | `{"detail": "…"}`, `{"detail": [{"msg": "…"}]}` | servers made with FastAPI |
/// | `{"message": "…"}` | gateways before them |
package enum ErrorMessage {
    /// - Returns: At most ``ReadableText/maximumCharacters`` characters for people; `nil` when the body is no JSON or says nothing.
    package static func read(body: [UInt8]) -> String? {
        do {
            let span = body.span
            let fields = try JSONText.members(["error", "detail", "message"], in: span)
            for name in ["error", "detail", "message"] {
                if let value = fields[name], let message = try read(value, in: span) { return message }
            }
            return nil
        } catch {
            // Not JSON: a page of some proxy, which says less than the status does.
            return nil
        }
    }

    /// Reads the value of `error` or of one of its relatives.
    static func read(_ value: RawValue, in bytes: Span<UInt8>) throws(JSONError) -> String? {
        switch value.kind {
        case .string:
            return value.string(in: bytes).flatMap(ReadableText.init)?.text
        case .object:
            return try read(object: value, in: bytes)
        case .array:
            var elements = try RawElements(of: value, in: bytes)
            guard let first = try elements.next(in: bytes), first.kind == .object else { return nil }
            return try read(object: first, in: bytes)
        case .number, .bool, .null:
            return nil
        }
    }

    private static func read(object: RawValue, in bytes: Span<UInt8>) throws(JSONError) -> String? {
        let fields = try JSONText.members(["message", "msg", "code"], of: object, in: bytes)
        for name in ["message", "msg", "code"] {
            if let text = fields[name]?.string(in: bytes), let readable = ReadableText(text) { return readable.text }
        }
        return fields["code"]?.integer(in: bytes).map { "error code \($0)" }
    }
}
