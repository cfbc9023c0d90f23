import RingbackCore

/// Values of one kind each. All of them are `nil` or the default when the key is absent, and after a report when the value is wrong.
extension Fields {
    func text(_ key: String) -> String? {
        value(key).flatMap { text(of: $0, path: subpath(key)) }
    }

    /// The text of a value that must have one.
    func text(of value: SourceValue, path: String) -> String? {
        switch value.content {
        case .text(let text):
            guard !text.isEmpty else {
                inspection.report("is empty", at: value.place, path: path, suggestion: "write a value or remove the line")
                return nil
            }
            return text
        case .null:
            inspection.report("has no value", at: value.place, path: path, suggestion: "write one or remove the line")
            return nil
        case .list, .table:
            inspection.report("expected text, found \(value.kind)", at: value.place, path: path)
            return nil
        case .unreadable:
            return nil
        }
    }

    func duration(_ key: String, default fallback: Duration, in range: ClosedRange<Duration>) -> Duration {
        value(key).flatMap { duration(of: $0, path: subpath(key), in: range) } ?? fallback
    }

    func duration(of value: SourceValue, path: String, in range: ClosedRange<Duration>) -> Duration? {
        guard let text = text(of: value, path: path) else { return nil }
        guard let duration = Duration(text: text) else {
            let advice = "write a number and a unit, such as 500ms, 15s, 5m, 2h or 3d"
            inspection.report("'\(text)' is not a duration", at: value.place, path: path, suggestion: advice)
            return nil
        }
        guard range.contains(duration) else {
            let bounds = "write \(range.lowerBound.text) to \(range.upperBound.text)"
            inspection.report("\(text) is out of range", at: value.place, path: path, suggestion: bounds)
            return nil
        }
        return duration
    }

    func size(_ key: String, default fallback: ByteCount, in range: ClosedRange<ByteCount>) -> ByteCount {
        guard let text = text(key) else { return fallback }
        guard let size = ByteCount(text: text) else {
            report("'\(text)' is not a size", at: key, suggestion: "write a number and a unit, such as 512KiB, 32MiB or 100MB")
            return fallback
        }
        guard range.contains(size) else {
            report("\(text) is out of range", at: key, suggestion: "write \(range.lowerBound.text) to \(range.upperBound.text)")
            return fallback
        }
        return size
    }

    func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = text(key) else { return fallback }
        // Underscores are allowed between digits, as YAML 1.1 has them.
        guard let number = Int(text.filter { $0 != "_" }), range.contains(number) else {
            report("expected a whole number, found '\(text)'", at: key, suggestion: "write \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return number
    }

    func number(_ key: String, default fallback: Double, in range: ClosedRange<Double>) -> Double {
        guard let text = text(key) else { return fallback }
        guard let number = Double(text), range.contains(number) else {
            report("expected a number, found '\(text)'", at: key, suggestion: "write \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return number
    }

    func flag(_ key: String, default fallback: Bool = false) -> Bool {
        guard let text = text(key) else { return fallback }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            report("expected true or false, found '\(text)'", at: key)
            return fallback
        }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        value(key).flatMap { choice(of: $0, path: subpath(key)) } ?? fallback
    }

    func choice<Choice: RawRepresentable & CaseIterable>(of value: SourceValue, path: String) -> Choice? where Choice.RawValue == String {
        guard let text = text(of: value, path: path) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let advice = Spelling.advice(for: text, among: Choice.allCases.map(\.rawValue))
        inspection.report("'\(text)' is none of the choices", at: value.place, path: path, suggestion: advice)
        return nil
    }

    /// A list's elements with their paths; a single text stands for a list of one.
    func elements(_ key: String) -> [(value: SourceValue, path: String)]? {
        guard let value = value(key) else { return nil }
        switch value.content {
        case .list(let values):
            return values.enumerated().map { ($0.element, "\(subpath(key))[\($0.offset)]") }
        case .text:
            return [(value, subpath(key))]
        case .null:
            return []
        case .table:
            report("expected a list, found \(value.kind)", at: key, suggestion: "begin each element with '- '")
            return nil
        case .unreadable:
            return nil
        }
    }

    /// A mapping below `key`.
    func fields(_ key: String) -> Fields? {
        value(key).flatMap { Fields($0, path: subpath(key), inspection: inspection) }
    }

    /// The mappings of a list below `key`.
    func tables(_ key: String) -> [Fields] {
        (elements(key) ?? []).compactMap { Fields($0.value, path: $0.path, inspection: inspection) }
    }

    /// A required identifier under `name`.
    func name<Name: Identifier>(example: String, _ validate: (String) throws(InvalidIdentifier) -> Name) -> Name? {
        guard value("name") != nil else {
            reportMissing("name", example: example)
            return nil
        }
        guard let text = text("name") else { return nil }
        do {
            return try validate(text)
        } catch {
            report(error.description, at: "name")
            return nil
        }
    }
}
