import Cryptography
import RawJSON
package import RingbackCore

/// Makes requests of an event as a preset says.
///
/// Values are cut, then escaped, then put into templates; and fields are put into requests. So no cut ever falls into an escape, and what a
/// preset itself wrote is never cut. When something is too long the values are all cut to one cap, so that the longest gives first.
package struct PresetRenderer: Sendable {
    private let preset: Preset
    private let facts: PresetFacts
    /// The same, each text on one line; made once, since texts are cut many times until they fit.
    private let linedFacts: TemplateValue
    private let longest: Int
    private let parameters: [String: String]
    private let captured: [String: String]
    private let event: Event
    private let endpoint: EndpointName
    /// Whether the request is the one without markup, sent when the system did not understand the one with it.
    private let isPlain: Bool

    /// - Parameters:
    ///   - parameters: Given values by name, checked by ``Preset/target(with:)``; fallbacks are filled in here.
    ///   - captured: What earlier requests about the response kept.
    package init(
        _ preset: Preset, facts: PresetFacts, parameters: [String: String], captured: [String: String], event: Event,
        endpoint: EndpointName, isPlain: Bool = false
    ) {
        self.preset = preset
        self.facts = facts
        linedFacts = facts.values.mapTexts(CleanText.onOneLine)
        longest = facts.values.longestText
        self.captured = captured
        self.event = event
        self.endpoint = endpoint
        self.isPlain = isPlain
        self.parameters = Dictionary(
            preset.allParameters.compactMap { parameter in
                (parameters[parameter.name] ?? parameter.fallback).map { (parameter.name, parameter.normalized($0)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Fields

    /// All fields by name, as a message that is not HTTP is made of.
    package func renderFields() throws(RenderingError) -> [String: String] {
        try fields(in: .text, cap: longest, caps(in: .text))
    }

    /// The most characters that the values of each field may have, so that the field is within its own limit; fields without one have none.
    ///
    /// Found once, in the order of the fields: those inside another one are found before it. A search for each in each other's search, and
    /// all of them in that for the body, would render a message thousands of times.
    private func caps(in encoding: BodyEncoding) -> [String: Int] {
        var caps: [String: Int] = [:]
        for field in preset.fields {
            guard let limit = field.limit else { continue }
            // A character takes one unit or more: none beyond the limit could stay.
            caps[field.name] = largestCap(of: field, limit, in: encoding, upTo: min(longest, limit.count), caps)
        }
        return caps
    }

    /// - Parameters:
    ///   - cap: The longest a value may be, in characters.
    ///   - caps: The same for single fields, as ``caps(in:)`` finds them for this encoding.
    private func fields(in encoding: BodyEncoding, cap: Int, _ caps: [String: Int]) throws(RenderingError) -> [String: String] {
        var rendered: [String: String] = [:]
        for field in preset.fields { rendered[field.name] = try render(field, in: encoding, cap: cap, caps) }
        return rendered
    }

    private func render(
        _ field: PresetField, in encoding: BodyEncoding, cap: Int, _ caps: [String: Int]
    ) throws(RenderingError) -> String {
        guard let limit = field.limit else { return self.text(of: field, in: encoding, cap: cap, caps) }
        let cap = min(cap, caps[field.name] ?? limit.count)
        let text = self.text(of: field, in: encoding, cap: cap, caps)
        if limit.allows(text, in: encoding) { return text }
        // What fits at one cap fits at smaller ones, but for templates that say more when there is less to say.
        let largest = largestCap(of: field, limit, in: encoding, upTo: cap, caps)
        let shorter = self.text(of: field, in: encoding, cap: largest, caps)
        guard limit.allows(shorter, in: encoding) else { throw .fieldTooLong(field.name, limit) }
        return shorter
    }

    private func largestCap(
        of field: PresetField, _ limit: TextLimit, in encoding: BodyEncoding, upTo longest: Int, _ caps: [String: Int]
    ) -> Int {
        Cutting.largestCap(upTo: longest) { limit.allows(self.text(of: field, in: encoding, cap: $0, caps), in: encoding) }
    }

    /// The field with its values cut to `cap`, whatever its limit.
    private func text(of field: PresetField, in encoding: BodyEncoding, cap: Int, _ caps: [String: Int]) -> String {
        let facts = (field.isOneLine ? linedFacts : self.facts.values).only(field.template.firstNames)
        let values = facts.mapTexts { field.escape.apply(Cutting.cut($0, to: cap)) }
        var members: [String: TemplateValue] = [:]
        for tag in field.template.tags where tag.name.hasPrefix("fields.") {
            let name = String(tag.name.dropFirst("fields.".count))
            guard let inner = preset.fields.first(where: { $0.name == name }), inner.name != field.name else { continue }
            // The inner one's own limit holds as well; that it cannot be kept by its own words alone shows when it is rendered itself.
            members[name] = .text((try? render(inner, in: encoding, cap: cap, caps)) ?? "")
        }
        let parameters = self.parameters.filter { name, _ in !isSecret(name) }.mapValues { field.escape.apply(CleanText.clean($0)) }
        let text = field.template.render(context(values, fields: members, parameters: parameters, kind: .create))
        return Self.trimmed(field.isOneLine ? CleanText.onOneLine(text) : text)
    }

    private func isSecret(_ name: String) -> Bool {
        preset.parameters.contains { $0.name == name && $0.isSecret }
    }

    // MARK: Requests

    /// - Parameter kind: One the preset has.
    package func render(_ kind: RequestKind) throws(RenderingError) -> RenderedRequest {
        guard let request = preset.requests[kind] else { preconditionFailure("the preset \(preset.name) has no request '\(kind)'") }
        let plain = requestValues([:], kind) { $0 }
        // Made once: headers and URL take the same texts, and each of them may have to be cut many times until it fits.
        let fields = try renderFields()
        let filled = requestValues(fields, kind) { $0 }
        var headers = try request.headers.map { header throws(RenderingError) in
            (name: header.name, value: try headerValue(header, filled))
        }
        // What is optional for a system, such as a token, is not sent at all when it was not given.
        headers.removeAll { $0.value.isEmpty }
        if let basic = request.basic {
            let pair = "\(basic.username.render(plain)):\(basic.password.render(plain))"
            if pair != ":" { headers.append((name: "Authorization", value: "Basic \(Base64.encode(Array(pair.utf8)))")) }
        }
        let body = try request.body.map { body throws(RenderingError) in try bytes(of: body, limit: request.limit, kind) }
        if let body = request.body, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append((name: "Content-Type", value: body.encoding.contentType))
        }
        if !headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            // Some systems answer 403 to who does not say what it is.
            headers.append((name: "User-Agent", value: "Ringback/\(RingbackVersion.current)"))
        }
        return RenderedRequest(
            kind: kind, method: request.method, url: try url(of: request, fields, filled, kind), headers: headers, body: body,
            confirmation: request.confirmation?.render(plain))
    }

    private func headerValue(_ header: PresetRequest.Named, _ values: TemplateValue) throws(RenderingError) -> String {
        let value = header.template.render(values)
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else { throw .header(header.name) }
        return value
    }

    /// Parameters that are URLs stand in a URL as they are; everything else is percent-encoded.
    private func url(
        of request: PresetRequest, _ fields: [String: String], _ plain: TemplateValue, _ kind: RequestKind
    ) throws(RenderingError) -> String {
        var text = request.url.render(requestValues(fields, kind, naming: request.url.firstNames, escape: PercentText.encode))
        for item in request.query {
            let value = item.template.render(plain)
            guard !value.isEmpty else { continue }
            text += (text.contains("?") ? "&" : "?") + PercentText.encode(item.name) + "=" + PercentText.encode(value)
        }
        guard (try? HTTPURL(validating: text)) != nil else { throw .url(kind) }
        return text
    }

    private func bytes(of body: PresetRequest.Body, limit: Int?, _ kind: RequestKind) throws(RenderingError) -> [UInt8] {
        let caps = caps(in: body.encoding)
        let whole = try encode(body, cap: longest, caps, kind)
        guard let limit, whole.count > limit else { return whole }
        let largest = Cutting.largestCap(upTo: min(longest, limit)) { cap in
            // A field whose own words are too long is told of below.
            (try? encode(body, cap: cap, caps, kind)).map { $0.count <= limit } ?? false
        }
        let cut = try encode(body, cap: largest, caps, kind)
        guard cut.count <= limit else { throw .bodyTooLarge(kind, limit) }
        return cut
    }

    private func encode(
        _ body: PresetRequest.Body, cap: Int, _ caps: [String: Int], _ kind: RequestKind
    ) throws(RenderingError) -> [UInt8] {
        let values = requestValues(try fields(in: body.encoding, cap: cap, caps), kind) { $0 }
        let json = body.template.render(values) ?? .object([])
        switch body.encoding {
        case .json: return json.bytes
        case .form: return FormText.body((json.members ?? []).map { (name: $0.key, value: $0.value.formText) })
        case .text: return Array((json.string ?? "").utf8)
        }
    }

    // MARK: Values

    /// - Parameter names: The facts to speak of, where that is known; `nil` for all.
    private func requestValues(
        _ fields: [String: String], _ kind: RequestKind, naming names: Set<String>? = nil, escape: (String) -> String
    ) -> TemplateValue {
        let facts = names.map { self.facts.values.only($0) } ?? self.facts.values
        let parameters = Dictionary(
            uniqueKeysWithValues: self.parameters.map { name, value -> (String, String) in
                switch preset.parameters.first(where: { $0.name == name })?.kind {
                case .url, .baseURL: (name, value)
                case .path: (name, value.split(separator: "/").map { escape(String($0)) }.joined(separator: "/"))
                case .text, .flag, .integer, nil: (name, escape(value))
                }
            })
        return context(
            facts.mapTexts(escape), fields: fields.mapValues { .text(escape($0)) }, parameters: parameters,
            captured: captured.mapValues(escape), kind: kind)
    }

    private func context(
        _ facts: TemplateValue, fields: [String: TemplateValue], parameters: [String: String], captured: [String: String] = [:],
        kind: RequestKind
    ) -> TemplateValue {
        guard case .group(var members) = facts else { preconditionFailure("facts are a group of names") }
        members["fields"] = .group(fields)
        members["plain"] = .flag(isPlain)
        // A flag that is off is no reason to show a section.
        members["with"] = .group(parameters.filter { name, value in !(isFlag(name) && value == "false") }.mapValues { .text($0) })
        members["captured"] = .group(captured.mapValues { .text($0) })
        if let key = preset.key {
            members["key"] = .text(key.key(endpoint: endpoint, event: event, kind: kind))
            members["delivery_key"] = .text(key.with(basis: .delivery).key(endpoint: endpoint, event: event, kind: kind))
        }
        return .group(members)
    }

    private func isFlag(_ name: String) -> Bool {
        preset.allParameters.contains { $0.name == name && $0.kind == .flag }
    }

    /// Sections that were not shown leave empty lines at the ends.
    private static func trimmed(_ text: String) -> String {
        var text = text[...].drop(while: \.isNewline)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
