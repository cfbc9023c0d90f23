import Control
import RingbackCore

/// What one attempt measured and brought back, as people read it.
enum AttemptText {
    /// The whole of what is kept is in `--json`.
    private static let shownCharacters = 1000

    static func full(_ attempt: AttemptObject) -> String {
        var fields = FieldList()
        fields.add("attempt", "\(attempt.number)")
        fields.add("address", attempt.address)
        fields.add("times", times(attempt.timing))
        fields.add("retry after", attempt.retryAfter.map { "\($0) s" })
        for header in attempt.responseHeaders { fields.add(header.name, header.value) }
        guard !attempt.responseBody.isEmpty else { return fields.text() }
        let rest = attempt.responseBody.count - shownCharacters
        let more = rest > 0 ? "\n… \(rest) characters more: --json" : ""
        return "\(fields.text())\n\n\(Printable.text(String(attempt.responseBody.prefix(shownCharacters))))\(more)"
    }

    /// Only the phases that happened: on a kept connection nothing is resolved or connected.
    private static func times(_ timing: AttemptObject.Timing) -> String {
        let phases = [
            ("DNS", timing.dnsMilliseconds), ("connect", timing.connectMilliseconds), ("TLS", timing.tlsMilliseconds),
            ("first byte", timing.firstByteMilliseconds), ("total", timing.totalMilliseconds),
        ]
        return phases.compactMap { name, milliseconds in milliseconds.map { "\(name) \($0) ms" } }.joined(separator: ", ")
    }
}
