import Presets
import RawJSON

extension PresetReader {
    /// A template, its names checked for the place where it stands.
    func template(_ value: SourceValue, path: String, in place: PresetNames.Place) -> Template? {
        switch value.content {
        case .text(let text):
            do throws(TemplateProblem) {
                let template = try Template(text)
                check(template, at: value.place, path: path, in: place)
                return template
            } catch {
                report(error.message, line: error.line, column: error.column, of: text, at: value.place, path: path)
                return nil
            }
        case .null:
            return try? Template("")
        case .list, .table:
            inspection.report("expected text, found \(value.kind)", at: value.place, path: path)
            return nil
        case .unreadable:
            return nil
        }
    }

    private func check(_ template: Template, at place: SettingsPlace, path: String, in position: PresetNames.Place) {
        for tag in template.tags {
            let trouble = PresetNames.trouble(
                with: tag.name, isSection: tag.kind != .value, in: position, fields: fieldNames,
                parameters: parameters + PresetParameter.common, captures: captures)
            guard let trouble else { continue }
            let nearest = Spelling.nearest(to: tag.name, among: trouble.candidates).map { "did you mean '\($0)'?" }
            report(
                trouble.message, line: tag.line, column: tag.column, of: template.text, at: place, path: path, suggestion: nearest)
        }
    }

    /// Reports at the tag itself where its place in the file can be found, and at the beginning of the text where not.
    private func report(
        _ message: String, line: Int, column: Int, of text: String, at place: SettingsPlace, path: String, suggestion: String? = nil
    ) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines.indices.contains(line - 1) ? lines[line - 1].dropFirst(column - 1).prefix(24) : ""
        inspection.report(message, at: find(String(rest), after: place), path: path, suggestion: suggestion)
    }

    /// A block of text begins on the line after its key.
    private func find(_ text: String, after place: SettingsPlace) -> SettingsPlace {
        guard let file = place.file, let line = place.line, let column = place.column, !text.isEmpty else { return place }
        for candidate in line..<line + Self.longestBlock {
            if let found = source.column(of: text, line: candidate, from: candidate == line ? column : 1) {
                return .position(file: file, line: candidate, column: found)
            }
        }
        return place
    }

    private static let longestBlock = 200

    /// A body: what is written as YAML, its texts templates.
    func body(_ value: SourceValue, path: String) -> BodyTemplate? {
        switch value.content {
        case .text(let text):
            if value.isPlain, let literal = Self.literal(text) { return .literal(literal) }
            return template(value, path: path, in: .request).map { .text($0) }
        case .null:
            return .literal(.null)
        case .list(let values):
            return .list(values.enumerated().compactMap { body($0.element, path: "\(path)[\($0.offset)]") })
        case .table(let entries):
            return object(entries, at: value.place, path: path)
        case .unreadable:
            return nil
        }
    }

    private func object(_ entries: [SourceEntry], at place: SettingsPlace, path: String) -> BodyTemplate? {
        var condition: Template?
        var members: [BodyTemplate.Member] = []
        for entry in entries {
            let inner = "\(path).\(entry.key)"
            switch entry.key {
            case "$when":
                condition = template(entry.value, path: inner, in: .request)
            case "$number", "$bool":
                if entries.count > 1 {
                    inspection.report("'\(entry.key)' stands alone", at: entry.place, path: inner, suggestion: "remove the other keys")
                }
                return template(entry.value, path: inner, in: .request).map { .scalar($0) }
            case _ where entry.key.hasPrefix("$"):
                inspection.report(
                    "'\(entry.key)' means nothing here", at: entry.place, path: inner,
                    suggestion: Spelling.advice(for: entry.key, among: ["$when", "$number", "$bool"]))
            default:
                let isOptional = entry.key.hasSuffix("?")
                guard let value = body(entry.value, path: inner) else { continue }
                members.append(.init(isOptional ? String(entry.key.dropLast()) : entry.key, value, isOptional: isOptional))
            }
        }
        return .object(members, when: condition)
    }

    /// A number or a boolean as JSON has them; `nil` for every other text.
    static func literal(_ text: String) -> JSON? {
        switch try? JSON(parsing: text) {
        case .integer(let number): .integer(number)
        case .number(let text): .number(text)
        case .bool(let flag): .bool(flag)
        case .null, .string, .array, .object, .raw, nil: nil
        }
    }
}
