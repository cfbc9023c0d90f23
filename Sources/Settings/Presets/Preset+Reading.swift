package import Presets
import RingbackCore

// A preset is read here and not in its own target, since this is where YAML is read with its places.
extension Preset {
    /// Reads a preset's YAML.
    ///
    /// - Parameters:
    ///   - name: What endpoints call it: the name of its file without `.yaml`.
    ///   - file: What problems call it.
    /// - Throws: All problems at once, each with line and column.
    package static func read(_ yaml: String, name: String, file: String) throws(SettingsErrors) -> Preset {
        let inspection = Inspection { _ in throw UnreadableFile("a preset names no files") }
        var reader = YAMLReader(text: yaml, file: file, environment: nil, inspection: inspection)
        let root = reader.read(yaml).flatMap { Fields($0, path: "", inspection: inspection) }
        let preset = root.flatMap { PresetReader($0, source: reader.source).read(name: name) }
        try inspection.conclude(quoting: reader.source)
        guard let preset else { preconditionFailure("there is no preset and nothing was reported") }
        return preset
    }
}

/// Reads one preset. What is wrong is on record when it is done; what it returns then means nothing.
final class PresetReader {
    let root: Fields
    let source: SourceText
    var inspection: Inspection { root.inspection }
    var parameters: [PresetParameter] = []
    var fieldNames: [String] = []
    var captures: Set<String> = []

    init(_ root: Fields, source: SourceText) {
        self.root = root
        self.source = source
    }

    func read(name: String) -> Preset? {
        let title = root.text("title")
        if !root.has("title") { root.reportMissing("title", example: "My system") }
        let transport = root.choice("transport", default: Preset.Transport.http)
        parameters = readParameters()
        captures = readCaptureNames()
        let fields = readFields()
        let requests = readRequests(transport)
        let preset = Preset(
            name: name, title: title ?? name, help: root.text("help"), transport: transport,
            identity: root.choice("identity", default: RepeatProtection.none), proof: root.choice("proves", default: SuccessProof.unknown),
            parameters: parameters, key: readKey(), pace: readPace(), fields: fields, requests: requests,
            outcomes: readOutcomes(requests.keys.sorted()), answers: readAnswers("answers", of: root),
            retryHints: root.tables("retry_after").compactMap { readRetryHint($0) })
        root.finish()
        return title == nil ? nil : preset
    }

    // MARK: Parameters

    private func readParameters() -> [PresetParameter] {
        guard let with = root.fields("with") else { return [] }
        return with.all().compactMap { entry in
            with.allow(entry.key)
            guard let fields = with.fields(entry.key) else { return nil }
            return readParameter(entry.key, at: entry.place, fields)
        }
    }

    private func readParameter(_ name: String, at place: SettingsPlace, _ fields: Fields) -> PresetParameter? {
        guard name.utf8.allSatisfy({ Interpolation.isNameByte($0) }), !name.hasSuffix("_file") else {
            inspection.report(
                "'\(name)' cannot be a parameter", at: place, path: fields.path,
                suggestion: "write letters, digits and '_'; '_file' at the end is for naming a file")
            return nil
        }
        if PresetParameter.common.contains(where: { $0.name == name }) {
            inspection.report("every preset has '\(name)' by itself", at: place, path: fields.path, suggestion: "remove it")
        }
        if !fields.has("help") { fields.reportMissing("help", example: "What to write, in a sentence.") }
        let parameter = PresetParameter(
            name: name, help: fields.text("help") ?? "", kind: fields.choice("kind", default: .text), isSecret: fields.flag("secret"),
            isRequired: fields.flag("required"), fallback: fields.text("default"), example: fields.text("example"),
            pattern: readPattern(fields), choices: texts("choices", of: fields))
        fields.finish()
        if parameter.isRequired, parameter.fallback != nil {
            fields.report("a parameter with a default is never missing", at: "required", suggestion: "keep one of them")
        }
        if let fallback = parameter.fallback, let trouble = parameter.trouble(with: fallback) {
            fields.report("the default \(trouble)", at: "default")
        }
        return parameter
    }

    private func readPattern(_ fields: Fields) -> String? {
        guard let pattern = fields.text("pattern") else { return nil }
        guard (try? Regex(pattern)) != nil else {
            fields.report("this is not a regular expression", at: "pattern")
            return nil
        }
        return pattern
    }

    // MARK: Fields

    private func readFields() -> [PresetField] {
        guard let fields = root.fields("fields") else { return [] }
        return fields.all().compactMap { entry in
            fields.allow(entry.key)
            let field = readField(entry, of: fields)
            // Only fields above can be used: so there is no circle.
            fieldNames.append(entry.key)
            return field
        }
    }

    private func readField(_ entry: SourceEntry, of fields: Fields) -> PresetField? {
        if case .text = entry.value.content {
            return template(entry.value, path: fields.subpath(entry.key), in: .field).map {
                PresetField(name: entry.key, template: $0, escape: .none, limit: nil, isOneLine: false)
            }
        }
        guard let field = fields.fields(entry.key) else { return nil }
        if !field.has("text") { field.reportMissing("text", example: "\"{{summary}}\"") }
        let text = field.value("text").flatMap { template($0, path: field.subpath("text"), in: .field) }
        let escape = field.choice("escape", default: Escape.none)
        let limit = readLimit(field)
        let isOneLine = field.flag("one_line")
        field.finish()
        return text.map { PresetField(name: entry.key, template: $0, escape: escape, limit: limit, isOneLine: isOneLine) }
    }

    private func readLimit(_ fields: Fields) -> TextLimit? {
        guard let text = fields.text("limit") else { return nil }
        guard let limit = TextLimit(text: text) else {
            fields.report("'\(text)' is not a limit", at: "limit", suggestion: TextLimit.advice)
            return nil
        }
        return limit
    }

    // MARK: The rest

    private func readKey() -> KeyRule? {
        guard let fields = root.fields("key") else { return nil }
        let form = fields.choice("form", default: KeyRule.Form.hex)
        let prefix = fields.text("prefix") ?? ""
        let length = fields.integer("length", default: 32, in: 8...255)
        let rule = KeyRule(basis: fields.choice("from", default: .delivery), form: form, prefix: prefix, length: length)
        fields.finish()
        if length < prefix.count + 8 || length > prefix.count + KeyRule.longest {
            fields.report(
                "the key has \(length) characters, \(prefix.count) of them its prefix", at: "length",
                suggestion: "write \(prefix.count + 8) to \(prefix.count + KeyRule.longest)")
        }
        return rule
    }

    private func readPace() -> Pace? {
        guard let fields = root.fields("pace") else { return nil }
        let text = fields.text("rate")
        if !fields.has("rate") { fields.reportMissing("rate", example: "1/s") }
        let rate = text.flatMap { RateLimit(text: $0) }
        if let text, rate == nil { fields.report("'\(text)' is not a rate", at: "rate", suggestion: RateLimit.advice) }
        let names = texts("per", of: fields)
        for name in names where !parameters.contains(where: { $0.name == name }) {
            fields.report(
                "there is no parameter '\(name)'", at: "per", suggestion: Spelling.advice(for: name, among: parameters.map(\.name)))
        }
        fields.finish()
        return rate.map { Pace(rate: $0, parameters: names) }
    }

    private func readOutcomes(_ kinds: [RequestKind]) -> [String: OutcomeRule] {
        guard let fields = root.fields("outcomes") else { return [:] }
        var rules: [String: OutcomeRule] = [:]
        for name in Preset.outcomeNames + [Preset.testOutcome] {
            guard let value = fields.value(name) else { continue }
            if case .text = value.content {
                let kinds = readKinds([(value, fields.subpath(name))], of: fields, among: kinds)
                rules[name] = OutcomeRule(first: kinds.first, later: kinds)
            } else if let rule = fields.fields(name) {
                let first = readKinds(rule.elements("first") ?? [], of: rule, among: kinds)
                rules[name] = OutcomeRule(
                    first: first.first, then: readKinds(rule.elements("then") ?? [], of: rule, among: kinds),
                    later: readKinds(rule.elements("later") ?? [], of: rule, among: kinds))
                rule.finish()
            }
        }
        fields.finish()
        return rules
    }

    private func readKinds(
        _ elements: [(value: SourceValue, path: String)], of fields: Fields, among kinds: [RequestKind]
    ) -> [RequestKind] {
        elements.compactMap { element in
            guard let text = fields.text(of: element.value, path: element.path), text != "nothing" else { return nil }
            if let kind = kinds.first(where: { $0.rawValue == text && !$0.changesNothing }) { return kind }
            inspection.report(
                "the preset has no request '\(text)'", at: element.value.place, path: element.path,
                suggestion: Spelling.advice(for: text, among: kinds.filter { !$0.changesNothing }.map(\.rawValue) + ["nothing"]))
            return nil
        }
    }

    func texts(_ key: String, of fields: Fields) -> [String] {
        (fields.elements(key) ?? []).compactMap { fields.text(of: $0.value, path: $0.path) }
    }
}
