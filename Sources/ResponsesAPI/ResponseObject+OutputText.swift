import RawJSON

extension ResponseObject {
    /// The answer's text: all parts of type `output_text` in `output[].content[]`, one after the other; where there are none, the
    /// convenience member `output_text` that some vendors add. Empty when there is neither.
    ///
    /// Walks through the whole object; it is not kept.
    package func outputText() -> String {
        do {
            let span = bytes.span
            let fields = try JSONText.members(["output", "output_text"], in: span)
            let text = try Self.text(ofOutput: fields["output"], in: span)
            return text.isEmpty ? fields["output_text"]?.string(in: span) ?? "" : text
        } catch {
            // The bytes were read once when the object was made: they cannot turn out to be something else now.
            return ""
        }
    }

    private static func text(ofOutput output: RawValue?, in bytes: Span<UInt8>) throws(JSONError) -> String {
        guard let output, output.kind == .array else { return "" }
        var text = ""
        var items = try RawElements(of: output, in: bytes)
        while let item = try items.next(in: bytes) {
            guard item.kind == .object else { continue }
            guard let content = try JSONText.members(["content"], of: item, in: bytes)["content"], content.kind == .array else { continue }
            var parts = try RawElements(of: content, in: bytes)
            while let part = try parts.next(in: bytes) { text += try outputText(ofPart: part, in: bytes) }
        }
        return text
    }

    private static func outputText(ofPart part: RawValue, in bytes: Span<UInt8>) throws(JSONError) -> String {
        guard part.kind == .object else { return "" }
        let fields = try JSONText.members(["type", "text"], of: part, in: bytes)
        guard fields["type"]?.isString("output_text", in: bytes) == true else { return "" }
        return fields["text"]?.string(in: bytes) ?? ""
    }
}
