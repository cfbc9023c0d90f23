import Presets
import RawJSON

extension PresetReader {
    func readAnswers(_ key: String, of fields: Fields) -> [AnswerRule] {
        fields.tables(key).compactMap { readAnswer($0) }
    }

    private func readAnswer(_ fields: Fields) -> AnswerRule? {
        let statuses = (fields.elements("status") ?? []).compactMap { readStatus($0.value, path: $0.path, of: fields) }
        var conditions: [AnswerCondition] = []
        if fields.has("body") { conditions.append(.bodyEquals(texts("body", of: fields))) }
        if fields.has("contains") { conditions.append(.bodyContains(texts("contains", of: fields))) }
        if fields.has("lacks") { conditions.append(.bodyLacks(texts("lacks", of: fields))) }
        conditions += readPointers("json", of: fields) { path, value in .json(path, Self.values(value)) }
        conditions += readPointers("json_exists", of: fields) { path, value in
            guard case .text(let text) = value.content, let flag = PresetReader.literal(text)?.bool else { return nil }
            return .jsonExists(path, flag)
        }
        if let headers = fields.fields("header") {
            conditions += headers.all().map { .header($0.key, texts($0.key, of: headers)) }
        }
        let verdict: AnswerVerdict? = fields.value("is").flatMap { fields.choice(of: $0, path: fields.subpath("is")) }
        if !fields.has("is") { fields.reportMissing("is", example: "delivered") }
        let reason = fields.text("reason")
        fields.finish()
        if statuses.isEmpty, conditions.isEmpty {
            fields.report("nothing says which answers are meant", at: "is", suggestion: "add status: 200, for example")
        }
        return verdict.map { AnswerRule(statuses: statuses, conditions: conditions, verdict: $0, reason: reason) }
    }

    /// `200`, `4xx`, `500-503`.
    private func readStatus(_ value: SourceValue, path: String, of fields: Fields) -> ClosedRange<Int>? {
        guard let text = fields.text(of: value, path: path) else { return nil }
        let parts = text.split(separator: "-").map { Int($0) }
        if text.count == 3, text.hasSuffix("xx"), let hundreds = text.first?.wholeNumberValue, 1...5 ~= hundreds {
            return hundreds * 100...hundreds * 100 + 99
        }
        if let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2, 100...599 ~= first, first...599 ~= last {
            return first...last
        }
        inspection.report("'\(text)' is no status", at: value.place, path: path, suggestion: "write 200, 4xx or 500-503")
        return nil
    }

    private func readPointers(
        _ key: String, of fields: Fields, _ make: (JSONPath, SourceValue) -> AnswerCondition?
    ) -> [AnswerCondition] {
        guard let pointers = fields.fields(key) else { return [] }
        return pointers.all().compactMap { entry in
            pointers.allow(entry.key)
            guard let path = JSONPath(entry.key) else {
                inspection.report(
                    "'\(entry.key)' is not a JSON pointer", at: entry.place, path: pointers.path, suggestion: "write /\(entry.key)")
                return nil
            }
            if let condition = make(path, entry.value) { return condition }
            inspection.report("expected true or false", at: entry.value.place, path: pointers.path)
            return nil
        }
    }

    private static func values(_ value: SourceValue) -> [JSON] {
        switch value.content {
        case .text(let text): [value.isPlain ? literal(text) ?? .string(text) : .string(text)]
        case .null: [.null]
        case .list(let values): values.flatMap { Self.values($0) }
        case .table, .unreadable: []
        }
    }

    func readRetryHint(_ fields: Fields) -> RetryHint? {
        let unit = fields.choice("unit", default: RetryHint.Unit.seconds)
        let header = fields.text("header")
        let pointer = fields.text("json")
        fields.finish()
        if let header { return RetryHint(.header(header), unit) }
        guard let pointer else {
            fields.reportMissing("header", example: "X-RateLimit-Reset")
            return nil
        }
        guard let path = JSONPath(pointer) else {
            fields.report("'\(pointer)' is not a JSON pointer", at: "json", suggestion: "write /\(pointer)")
            return nil
        }
        return RetryHint(.json(path), unit)
    }
}
