import RawJSON
import ResponsesAPI
package import RingbackCore

/// What templates can say about an event: the names are those of the README beside this file.
///
/// Everything is cleaned (``CleanText``) and bounded here, once, so that whatever a template does with it stays small.
package struct PresetFacts: Sendable, Hashable {
    /// How much of the output a template can show.
    package static let maximumOutputCharacters = 1500
    static let maximumMessageCharacters = 4000
    static let maximumMetadata = 16
    static let maximumMetadataCharacters = 500
    /// A single character can have thousands of scalars.
    private static let scalarsPerCharacter = 4

    /// `completed`, `failed`, `incomplete`, `cancelled`, or `other` for everything that is no end of a response.
    package let outcome: String
    package let values: TemplateValue

    /// - Parameters:
    ///   - response: The response object; `nil` when it is not at hand.
    ///   - endpoint: Who is told.
    ///   - link: Where people can look at the watch; `nil` without a public address.
    ///   - includesOutput: Whether the beginning of the output may be shown.
    package init(
        event: Event, response: [UInt8]?, metadata: [String: String], endpoint: EndpointName, link: String?, includesOutput: Bool
    ) {
        let object = response.flatMap { ResponseObject(json: $0) }
        let json = response.flatMap { try? JSON(parsing: $0) }
        let status = TerminalStatus.allCases.first { $0.eventType == event.type }
        let outcome = status?.rawValue ?? "other"
        self.outcome = event.type == .ringbackTest ? Preset.testOutcome : outcome
        let look = OutcomeLook(status, type: event.type)
        let code = Self.short(json?["error"]?["code"]?.string)
        let message = Self.bounded(json?["error"]?["message"]?.string ?? Self.reason(in: event), Self.maximumMessageCharacters)
        let incomplete = Self.short(json?["incomplete_details"]?["reason"]?.string)
        let usage = TokenUsage(json?["usage"])
        let duration = Self.duration(json, event: event)
        let model = Self.short(object?.model)
        let headline = Self.headline(event, status, reason: status == .failed ? code : incomplete, endpoint: endpoint)
        var members: [String: TemplateValue] = [
            "outcome": .text(outcome), "symbol": .text(look.symbol), "colour": .text(look.colour),
            "colour_number": .text("\(look.colourNumber)"), "severity": .text(look.severity), "tone": .text(look.tone),
            "quiet": .flag(status == .cancelled),
            "headline": .text(headline), "summary": .text("\(look.symbol) \(headline)"),
            "details": .text([model, duration, usage.words].filter { !$0.isEmpty }.joined(separator: " · ")),
            "reason": .text(message.isEmpty ? (status == .failed ? code : "") : message),
            "link": .text(link ?? ""), "upstream": .text(event.upstream?.rawValue ?? ""),
            "watch": .group(["id": .text(event.watch?.rawValue ?? "")]),
            "endpoint": .group(["name": .text(endpoint.rawValue)]),
            "event": .group([
                "id": .text(event.id.rawValue), "type": .text(event.type.rawValue), "time": .text(event.createdAt.rfc3339),
                "unix": .text("\(event.createdAt.unixSeconds)"),
                "day_later": .text((event.createdAt + .seconds(86_400)).rfc3339), "json": .text(Self.envelope(event)),
            ]),
            "response": .group([
                "id": .text(event.response?.rawValue ?? ""), "model": .text(model), "duration": .text(duration),
            ]),
            "tokens": usage.values,
            "error": .group(["code": .text(code), "message": .text(message)]),
            "incomplete": .group(["reason": .text(incomplete)]),
        ]
        members["is_test"] = .flag(event.type == .ringbackTest)
        for name in Preset.outcomeNames { members["is_\(name)"] = .flag(name == outcome) }
        let kept = metadata.sorted { $0.key < $1.key }.prefix(Self.maximumMetadata).map { pair in
            (name: Self.bounded(pair.key, 64), value: Self.bounded(pair.value, Self.maximumMetadataCharacters))
        }
        members["metadata"] = .group(Dictionary(kept.map { ($0.name, .text($0.value)) }, uniquingKeysWith: { first, _ in first }))
        members["metadata_list"] = .list(kept.map { .group(["name": .text($0.name), "value": .text($0.value)]) })
        members["output"] = .text(includesOutput ? Self.bounded(object?.outputText(), Self.maximumOutputCharacters) : "")
        values = .group(members)
    }

    // MARK: Parts

    private static func short(_ text: String?) -> String {
        CleanText.onOneLine(bounded(text, 200))
    }

    /// Bounded by scalars too, since a single character can have thousands of them.
    private static func bounded(_ text: String?, _ characters: Int) -> String {
        guard let text else { return "" }
        let scalars = text.unicodeScalars.prefix(characters * scalarsPerCharacter)
        let clean = CleanText.clean(String(String.UnicodeScalarView(scalars)))
        var cut = Cutting.cut(clean, to: characters)
        if scalars.count < text.unicodeScalars.count, !cut.hasSuffix(Cutting.ellipsis) { cut += Cutting.ellipsis }
        return cut
    }

    private static func reason(in event: Event) -> String? {
        // Ringback wrote it; where it has no reason, as most events, there is none to tell.
        (try? JSON(parsing: event.data))?["reason"]?.string
    }

    private static func headline(_ event: Event, _ status: TerminalStatus?, reason: String, endpoint: EndpointName) -> String {
        let tail = reason.isEmpty ? "" : ": \(reason)"
        if let status, let id = event.response { return "Response \(id) \(status.rawValue)\(status == .cancelled ? "" : tail)" }
        if event.type == .ringbackTest { return "Ringback test for \(endpoint): it works" }
        if let id = event.response { return "Response \(id): \(event.type)" }
        return "\(event.type)"
    }

    /// From the response's creation to its end, as people say it; empty when the response does not tell.
    private static func duration(_ json: JSON?, event: Event) -> String {
        guard let created = json?["created_at"]?.double, created > 0, created < 1e11 else { return "" }
        let end = json?["completed_at"]?.double ?? Double(event.createdAt.unixSeconds)
        let seconds = Int((end - created).rounded())
        // A clock that is wrong by a day tells no duration.
        guard (0...30 * 86_400).contains(seconds) else { return "" }
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        }
    }

    /// The thin payload of webhooks (contract, section 6), for systems that pass a message on to programs.
    private static func envelope(_ event: Event) -> String {
        let envelope: JSON = [
            "id": .string(event.id.rawValue), "object": "event", "created_at": .integer(event.createdAt.unixSeconds),
            "type": .string(event.type.rawValue), "data": .raw(event.data),
        ]
        return envelope.text
    }
}

/// The tokens of a response, by either of the two names vendors give them.
private struct TokenUsage {
    private let input: Int64?
    private let output: Int64?
    private let total: Int64?

    init(_ usage: JSON?) {
        input = Self.count(usage, "input_tokens", "prompt_tokens")
        output = Self.count(usage, "output_tokens", "completion_tokens")
        total = Self.count(usage, "total_tokens", "total_tokens")
    }

    var values: TemplateValue {
        .group(["input": Self.text(input), "output": Self.text(output), "total": Self.text(total)])
    }

    var words: String {
        guard let input, let output else { return total.map { "\($0) tokens" } ?? "" }
        return "\(input) tokens in, \(output) out"
    }

    private static func count(_ usage: JSON?, _ name: String, _ other: String) -> Int64? {
        usage?[name]?.integer ?? usage?[other]?.integer
    }

    private static func text(_ count: Int64?) -> TemplateValue {
        .text(count.map { "\($0)" } ?? "")
    }
}

/// How an outcome looks, the same in every system.
struct OutcomeLook {
    let symbol: String
    /// RGB in hex.
    let colour: String
    /// The same as a number.
    let colourNumber: Int
    /// `info`, `warning` or `error`.
    let severity: String
    /// The words of Adaptive Cards: `good`, `warning`, `attention` or `default`.
    let tone: String

    init(_ status: TerminalStatus?, type: EventType) {
        switch status {
        case .completed: self.init("✓", 0x2EB67D, "info", "good")
        case .incomplete: self.init("…", 0xECB22E, "warning", "warning")
        case .failed: self.init("✗", 0xE01E5A, "error", "attention")
        case .cancelled: self.init("–", 0x8A8D91, "info", "default")
        case nil where [.watchLost, .watchExpired, .deliveryDead, .endpointDisabled].contains(type):
            self.init("!", 0xECB22E, "warning", "warning")
        case nil: self.init("•", 0x4A7EBB, "info", "default")
        }
    }

    private init(_ symbol: String, _ colour: Int, _ severity: String, _ tone: String) {
        self.symbol = symbol
        let hex = String(colour, radix: 16)
        self.colour = String(repeating: "0", count: 6 - hex.count) + hex
        colourNumber = colour
        self.severity = severity
        self.tone = tone
    }
}
