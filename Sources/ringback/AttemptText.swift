import Control
import RingbackCore

/// One attempt as people read it, phase by phase.
enum AttemptText {
    static func full(_ attempt: AttemptObject) -> String {
        var fields = FieldList()
        fields.add("outcome", attempt.outcome.rawValue)
        fields.add("status", attempt.httpStatus.map { "\($0)" })
        fields.add("error", attempt.error?.rawValue)
        fields.add("detail", attempt.detail)
        fields.add("ambiguous", attempt.ambiguous ? "nobody can tell whether the system took it" : nil)
        fields.add("proves", attempt.outcome == .succeeded ? attempt.proves?.rawValue : nil)
        fields.add("reached", attempt.address)
        fields.add("by proxy", attempt.proxy)
        fields.add("phases", phases(attempt.timing))
        fields.add("retry after", attempt.retryAfter.map { "\($0) s" })
        for header in attempt.responseHeaders { fields.add("< \(Printable.text(header.name))", header.value) }
        fields.add("answer", shown(attempt.responseBody))
        return fields.text()
    }

    private static let shownCharacters = 1000

    private static func shown(_ body: String) -> String {
        body.count > shownCharacters ? "\(body.prefix(shownCharacters))… (\(body.count) characters)" : body
    }

    /// `name 3.1 ms, connect 0.4 ms, TLS 12.9 ms, first byte 40.2 ms, total 40.5 ms`; phases that did not happen are left out.
    private static func phases(_ timing: AttemptObject.Timing) -> String? {
        let phases = [
            ("name", timing.dnsMilliseconds), ("connect", timing.connectMilliseconds), ("TLS", timing.tlsMilliseconds),
            ("first byte", timing.firstByteMilliseconds), ("total", timing.totalMilliseconds),
        ]
        let told = phases.compactMap { name, milliseconds in milliseconds.map { "\(name) \($0) ms" } }
        return told.isEmpty ? nil : told.joined(separator: ", ")
    }
}
