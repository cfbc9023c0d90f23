/// The configuration's text, to quote from in problems, with everything cut out that may be secret.
///
/// What is shown is a list of what is harmless, not of what is secret: a misspelt `api_kye` must not print its value.
struct SourceText {
    private static let redacted = Array("<redacted>".unicodeScalars)
    /// Longer lines are quoted around the caret only.
    private static let maximumExcerpt = 120

    private struct Span {
        let columns: Range<Int>
        let isShown: Bool
    }

    private let lines: [[Unicode.Scalar]]
    /// Per line index, where scalars stand, by columns from 0.
    private var spans: [Int: [Span]] = [:]
    /// Before the text is understood nobody can tell which parts are secret: then only plainly harmless lines are quoted.
    private var isUnderstood = false

    init(_ text: String) {
        lines = Self.split(text)
    }

    /// Line breaks as libyaml counts them (YAML 1.1, section 5.4).
    private static func split(_ text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    /// The character at a line and column counted from 1.
    func scalar(line: Int, column: Int) -> Unicode.Scalar? {
        guard lines.indices.contains(line - 1), lines[line - 1].indices.contains(column - 1) else { return nil }
        return lines[line - 1][column - 1]
    }

    /// The column (from 1) where `text` begins on `line`, at or after `column`.
    func column(of text: String, line: Int, from column: Int) -> Int? {
        let wanted = Array(text.unicodeScalars)
        guard lines.indices.contains(line - 1), column >= 1 else { return nil }
        let candidates = lines[line - 1].dropFirst(column - 1)
        return candidates.indices.first { candidates[$0...].starts(with: wanted) }.map { $0 + 1 }
    }

    // MARK: Concealing

    /// Marks what the scalars of the document allow to show.
    mutating func conceal(_ scalars: [SourceScalar]) {
        isUnderstood = true
        // An alias makes the same scalar appear again; if one of its appearances is secret, it is.
        let distinct = Dictionary(scalars.map { (Position(line: $0.line, column: $0.column), $0) }) { $0.isHarmless ? $1 : $0 }
        let ordered = distinct.sorted { $0.key < $1.key }.map(\.value)
        for (index, scalar) in ordered.enumerated() where lines.indices.contains(scalar.line - 1) {
            if let end = end(of: scalar) {
                spans[scalar.line - 1, default: []].append(Span(columns: scalar.column - 1..<end, isShown: scalar.isHarmless))
            } else {
                conceal(from: scalar, to: index + 1 < ordered.count ? ordered[index + 1] : nil)
            }
        }
    }

    private struct Position: Hashable, Comparable {
        let line: Int
        let column: Int

        static func < (left: Position, right: Position) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    /// Hides a scalar that goes over several lines, or has a tag or an anchor before it: everything up to the next one.
    private mutating func conceal(from scalar: SourceScalar, to next: SourceScalar?) {
        let first = scalar.line - 1
        let last = min(next.map { $0.line - 1 } ?? lines.count - 1, lines.count - 1)
        for line in first...max(first, last) {
            let start = line == first ? scalar.column - 1 : 0
            let end = next.map { $0.line - 1 == line ? $0.column - 1 : lines[line].count } ?? lines[line].count
            if start < end { spans[line, default: []].append(Span(columns: start..<end, isShown: false)) }
        }
    }

    /// The column (from 0) behind a scalar that stands on one line as it is; `nil` when that cannot be told.
    private func end(of scalar: SourceScalar) -> Int? {
        let rest = lines[scalar.line - 1].dropFirst(scalar.column - 1)
        switch scalar.style {
        case .plain:
            let text = Array(scalar.text.unicodeScalars)
            return rest.starts(with: text) ? rest.startIndex + text.count : nil
        case .quoted:
            guard let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
            return closing(quote, in: rest)
        case .block:
            return nil
        }
    }

    private func closing(_ quote: Unicode.Scalar, in rest: ArraySlice<Unicode.Scalar>) -> Int? {
        var index = rest.startIndex + 1
        while index < rest.endIndex {
            if quote == "\"" && rest[index] == "\\" {
                index += 2
            } else if rest[index] == quote {
                // Two single quotes inside single quotes stand for one.
                guard quote == "'", index + 1 < rest.endIndex, rest[index + 1] == quote else { return index + 1 }
                index += 2
            } else {
                index += 1
            }
        }
        return nil
    }

    // MARK: Quoting

    func excerpt(at place: SettingsPlace) -> SettingsProblem.Excerpt? {
        guard let line = place.line, let column = place.column, lines.indices.contains(line - 1) else { return nil }
        guard isUnderstood || Harmless.isHarmless(line: lines[line - 1]) else { return nil }
        var shown: [Unicode.Scalar] = []
        var caret: Int?
        var index = 0
        while index < lines[line - 1].count {
            let span = spans[line - 1]?.first { $0.columns.contains(index) }
            if let span, !span.isShown {
                if span.columns.contains(column - 1) { caret = shown.count }
                shown += Self.redacted
                index = span.columns.upperBound
                continue
            }
            // What was commented out may be a secret too.
            if span == nil, lines[line - 1][index] == "#" { break }
            if index == column - 1 { caret = shown.count }
            // A tab has no certain width, and the caret must stand below its character.
            shown.append(lines[line - 1][index] == "\t" ? " " : lines[line - 1][index])
            index += 1
        }
        return Self.window(shown, caret: caret ?? min(column - 1, shown.count))
    }

    private static func window(_ line: [Unicode.Scalar], caret: Int) -> SettingsProblem.Excerpt {
        guard line.count > maximumExcerpt else { return SettingsProblem.Excerpt(text: String(line), caret: caret) }
        let start = max(0, min(caret - maximumExcerpt / 2, line.count - maximumExcerpt))
        return SettingsProblem.Excerpt(text: String(line[start..<start + maximumExcerpt]), caret: caret - start)
    }
}

extension String {
    fileprivate init(_ scalars: some Sequence<Unicode.Scalar>) {
        self.init(String.UnicodeScalarView(scalars))
    }
}
