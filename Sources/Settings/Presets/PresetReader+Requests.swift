import Presets

extension PresetReader {
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    /// The names of everything that any request keeps: templates are checked against them before the requests are read.
    func readCaptureNames() -> Set<String> {
        guard let requests = root.fields("requests") else { return [] }
        let captures = requests.all().compactMap { entry -> [SourceEntry]? in
            guard case .table(let members) = entry.value.content,
                case .table(let captures)? = members.first(where: { $0.key == "capture" })?.value.content
            else { return nil }
            return captures
        }
        return Set(captures.joined().map { $0.key.hasSuffix("?") ? String($0.key.dropLast()) : $0.key })
    }

    func readRequests(_ transport: Preset.Transport) -> [RequestKind: PresetRequest] {
        if transport == .smtp {
            root.refuse(["requests", "answers", "retry_after"], "is for http: a mail is made of the fields", suggestion: "remove it")
            return [:]
        }
        guard let fields = root.fields("requests") else {
            if !root.has("requests") { root.reportMissing("requests", example: "{ create: { method: POST, … } }") }
            return [:]
        }
        var requests: [RequestKind: PresetRequest] = [:]
        for kind in RequestKind.allCases {
            guard let request = fields.fields(kind.rawValue) else { continue }
            requests[kind] = readRequest(request)
            if kind == .check, !request.has("confirm") { request.reportMissing("confirm", example: "\"{{delivery_key}}\"") }
        }
        fields.finish()
        if !fields.has("create") { fields.reportMissing("create", example: "{ method: POST, url: … }") }
        return requests
    }

    private func readRequest(_ fields: Fields) -> PresetRequest? {
        let method = fields.text("method") ?? "POST"
        if !Self.methods.contains(method) {
            fields.report("'\(method)' is not a method", at: "method", suggestion: Spelling.advice(for: method, among: Self.methods))
        }
        if !fields.has("url") { fields.reportMissing("url", example: "\"{{with.url}}\"") }
        let url = fields.value("url").flatMap { template($0, path: fields.subpath("url"), in: .request) }
        let query = named("query", of: fields)
        let headers = named("headers", of: fields)
        for header in headers where !HeaderText.isName(header.name) {
            fields.report("no header can be called '\(header.name)'", at: "headers")
        }
        let basic = readBasic(fields)
        let body = readBody(fields)
        let limit = fields.has("limit") ? fields.integer("limit", default: 0, in: 256...16_777_216) : nil
        let answers = readAnswers("answers", of: fields)
        let captures = readCaptures(fields)
        let confirmation = fields.value("confirm").flatMap { template($0, path: fields.subpath("confirm"), in: .request) }
        fields.finish()
        return url.map {
            PresetRequest(
                method: method, url: $0, query: query, headers: headers, basic: basic, body: body, limit: limit, answers: answers,
                captures: captures, confirmation: confirmation)
        }
    }

    private func named(_ key: String, of fields: Fields) -> [PresetRequest.Named] {
        guard let named = fields.fields(key) else { return [] }
        return named.all().compactMap { entry in
            template(entry.value, path: named.subpath(entry.key), in: .request).map { PresetRequest.Named(entry.key, $0) }
        }
    }

    private func readBasic(_ fields: Fields) -> PresetRequest.Basic? {
        guard let basic = fields.fields("basic") else { return nil }
        let parts = ["username", "password"].compactMap { key in
            basic.value(key).flatMap { template($0, path: basic.subpath(key), in: .request) }
        }
        for key in ["username", "password"] where !basic.has(key) { basic.reportMissing(key, example: "\"{{with.\(key)}}\"") }
        basic.finish()
        return parts.count == 2 ? PresetRequest.Basic(username: parts[0], password: parts[1]) : nil
    }

    private func readBody(_ fields: Fields) -> PresetRequest.Body? {
        let given = BodyEncoding.allCases.filter { fields.has($0.rawValue) }
        fields.allow(keys: BodyEncoding.allCases.map(\.rawValue))
        if given.count > 1 {
            fields.report(
                "a request has one body", at: given[1].rawValue, suggestion: "keep one of \(Spelling.list(given.map(\.rawValue)))")
        }
        guard let encoding = given.first, let value = fields.value(encoding.rawValue) else { return nil }
        switch (encoding, value.content) {
        case (.form, .table), (.text, .text), (.json, _): break
        case (.form, _), (.text, _):
            let expected = encoding == .form ? "a mapping" : "text"
            fields.report("expected \(expected), found \(value.kind)", at: encoding.rawValue)
        }
        return body(value, path: fields.subpath(encoding.rawValue)).map { PresetRequest.Body(encoding, $0) }
    }

    private func readCaptures(_ fields: Fields) -> [Capture] {
        guard let captures = fields.fields("capture") else { return [] }
        return captures.all().compactMap { entry in
            let isOptional = entry.key.hasSuffix("?")
            let name = isOptional ? String(entry.key.dropLast()) : entry.key
            captures.allow(entry.key)
            if case .text(let text) = entry.value.content {
                guard let path = JSONPath(text) else {
                    captures.report("'\(text)' is not a JSON pointer", at: entry.key, suggestion: "write /\(text), or { header: \(text) }")
                    return nil
                }
                return Capture(name: name, source: .json(path), isOptional: isOptional)
            }
            guard let source = captures.fields(entry.key) else { return nil }
            let header = source.text("header")
            if header == nil { source.reportMissing("header", example: "Location") }
            source.finish()
            return header.map { Capture(name: name, source: .header($0), isOptional: isOptional) }
        }
    }
}
