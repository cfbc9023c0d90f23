import Yams

/// Turns YAML text into ``SourceValue``s with their places, variables filled in.
///
/// Variables are filled into values after the YAML was understood, never into the text before: whatever a variable holds, it cannot
/// change the structure of the file, and places stay true.
struct YAMLReader {
    /// A configuration has some kilobytes; what is larger is not one.
    static let maximumBytes = 1024 * 1024
    /// Aliases of aliases can stand for billions of values on one line.
    static let maximumValues = 100_000

    private let file: String
    /// `nil` for texts without variables and without secrets, such as presets: what stands there is taken, and quoted, as it is.
    private let environment: [String: String]?
    private let inspection: Inspection
    private(set) var source: SourceText
    private var scalars: [SourceScalar] = []
    private var valueCount = 0

    init(text: String, file: String, environment: [String: String]?, inspection: Inspection) {
        self.file = file
        self.environment = environment
        self.inspection = inspection
        source = SourceText(text)
    }

    /// - Returns: `nil` after a problem that leaves nothing to look at; a file without any value is an empty mapping.
    mutating func read(_ text: String) -> SourceValue? {
        guard text.utf8.count <= Self.maximumBytes else {
            inspection.report(
                "the file has more than \(Self.maximumBytes) bytes: it is not a Ringback configuration", at: .file(file), path: "")
            return nil
        }
        do {
            // The encoding is named so that no environment variable of the parser can choose another.
            let node = try compose(yaml: text, .default, .default, .utf8)
            let root = node.map { value(of: $0, keys: [], path: "") }
            source.conceal(scalars)
            return root ?? SourceValue(place: .file(file), content: .table([]))
        } catch {
            let problem = SyntaxProblem(error, text: text, source: source)
            let place = problem.mark.map { SettingsPlace.position(file: file, line: $0.line, column: $0.column) }
            inspection.report(problem.message, at: place ?? .file(file), path: "", suggestion: problem.suggestion)
            return nil
        }
    }

    // MARK: Values

    private mutating func value(of node: Node, keys: [String], path: String) -> SourceValue {
        let place = place(of: node)
        valueCount += 1
        guard valueCount <= Self.maximumValues else {
            if valueCount == Self.maximumValues + 1 {
                inspection.report("there are more than \(Self.maximumValues) values, aliases counted each time", at: place, path: path)
            }
            return SourceValue(place: place, content: .unreadable)
        }
        switch node {
        case .scalar(let scalar):
            let content = content(of: scalar, place: place, keys: keys, path: path)
            return SourceValue(place: place, content: content, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            var values: [SourceValue] = []
            for (index, node) in sequence.enumerated() {
                values.append(value(of: node, keys: keys, path: "\(path)[\(index)]"))
            }
            return SourceValue(place: place, content: .list(values))
        case .mapping(let mapping):
            return SourceValue(place: place, content: .table(entries(of: mapping, keys: keys, path: path)))
        case .alias:
            // The parser replaces aliases by what they stand for.
            return SourceValue(place: place, content: .unreadable)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, keys: [String], path: String) -> [SourceEntry] {
        var entries: [SourceEntry] = []
        var merged: [SourceEntry] = []
        for (keyNode, node) in mapping {
            guard let key = keyNode.scalar else {
                inspection.report("a key must be a word", at: place(of: keyNode), path: path)
                continue
            }
            note(key, isHarmless: Harmless.isHarmlessKey(key.string, below: keys))
            if key.string == "<<", key.style == .plain {
                merged += mergedEntries(from: value(of: node, keys: keys, path: path), path: path)
                continue
            }
            let inner = (path.isEmpty ? "" : "\(path).") + Harmless.name(of: key.string)
            let value = value(of: node, keys: keys + [key.string], path: inner)
            entries.append(SourceEntry(key: key.string, place: place(of: keyNode), value: value))
        }
        // A mapping's own keys win over merged ones, and earlier merges over later ones (YAML merge key, version 1.1).
        for entry in merged where !entries.contains(where: { $0.key == entry.key }) {
            entries.append(entry)
        }
        return entries
    }

    private func mergedEntries(from value: SourceValue, path: String) -> [SourceEntry] {
        switch value.content {
        case .table(let entries):
            return entries
        case .list(let values):
            return values.flatMap { mergedEntries(from: $0, path: path) }
        case .text, .null:
            inspection.report(
                "'<<' merges mappings, not \(value.kind)", at: value.place, path: path, suggestion: "write <<: *name-of-an-anchor")
            return []
        case .unreadable:
            return []
        }
    }

    private mutating func content(of scalar: Node.Scalar, place: SettingsPlace, keys: [String], path: String) -> SourceValue.Content {
        note(scalar, isHarmless: Harmless.isHarmless(scalar.string, below: keys))
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
        guard scalar.style != .plain || isOnOneLine(scalar.string, at: place) else {
            // A lost colon glues a line, maybe with a secret in it, to the value above it. No value needs that, so it is not looked at.
            inspection.report(
                "the value goes on over the next lines", at: place, path: path,
                suggestion: "check the colons and the indentation there, or put the value in quotes"
            )
            return .unreadable
        }
        guard let environment else { return .text(scalar.string) }
        do {
            return .text(try Interpolation.expand(scalar.string, environment: environment))
        } catch {
            report(error, at: place, path: path)
            return .unreadable
        }
    }

    private func report(_ failure: Interpolation.Failure, at place: SettingsPlace, path: String) {
        switch failure {
        case .unset(let name):
            inspection.report(
                "the environment variable \(name) is not set", at: narrowed(place, to: "${\(name)}"), path: path,
                suggestion: "set it, or write ${\(name):-a default}"
            )
        case .malformed:
            inspection.report(
                "'${' begins a variable that cannot be read", at: narrowed(place, to: "${"), path: path,
                suggestion: "write ${NAME} or ${NAME:-default}, or $${ for the characters themselves"
            )
        }
    }

    // MARK: Places

    private func place(of node: Node) -> SettingsPlace {
        guard let mark = node.mark else { return .file(file) }
        return .position(file: file, line: mark.line, column: mark.column)
    }

    /// The place of `text` on the same line, behind the beginning of its value.
    private func narrowed(_ place: SettingsPlace, to text: String) -> SettingsPlace {
        guard let line = place.line, let column = place.column, let exact = source.column(of: text, line: line, from: column) else {
            return place
        }
        return .position(file: file, line: line, column: exact)
    }

    private func isOnOneLine(_ text: String, at place: SettingsPlace) -> Bool {
        guard let line = place.line, let column = place.column else { return true }
        return source.column(of: text, line: line, from: column) != nil
    }

    private mutating func note(_ scalar: Node.Scalar, isHarmless: Bool) {
        guard let mark = scalar.mark else { return }
        let style: SourceScalar.Style =
            switch scalar.style {
            case .plain: .plain
            case .singleQuoted, .doubleQuoted: .quoted
            case .any, .literal, .folded: .block
            }
        scalars.append(
            SourceScalar(
                line: mark.line, column: mark.column, style: style, text: scalar.string, isHarmless: isHarmless || environment == nil))
    }
}
