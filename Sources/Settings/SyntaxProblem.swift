import Yams

/// What the YAML parser did not understand, in words that say what to write instead. Never holds a value from the file.
struct SyntaxProblem {
    let message: String
    let suggestion: String?
    /// Line and column from 1; `nil` when the parser does not say.
    let mark: (line: Int, column: Int)?

    init(_ error: any Error, text: String, source: SourceText) {
        guard let error = error as? YamlError else {
            self.init("this is not YAML")
            return
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self.init(context: context, problem: problem, mark: mark, source: source)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\(Harmless.name(of: $0))'" }.joined(separator: ", ")
            self.init(
                "\(names) is written more than once in the same mapping", "keep one of them", (context.mark.line, context.mark.column))
        case .reader(_, let offset, _, _):
            self.init(
                "the file has a character that YAML does not allow", "save it as UTF-8 text", offset.flatMap { Self.mark(at: $0, in: text) }
            )
        case .memory:
            self.init("there is not enough memory to read it")
        case .no, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            self.init("this is not YAML")
        }
    }

    private init(_ message: String, _ suggestion: String? = nil, _ mark: (line: Int, column: Int)? = nil) {
        self.message = message
        self.suggestion = suggestion
        self.mark = mark
    }

    private init(context: YamlError.Context?, problem: String, mark: Mark, source: SourceText) {
        let here = (mark.line, mark.column)
        switch problem {
        case _ where source.scalar(line: mark.line, column: mark.column) == "\t":
            self.init("YAML does not allow a tab here", "indent with spaces", here)
        case "found unexpected end of stream", "found unexpected document indicator":
            // The end of the file says nothing; the opening quote does.
            self.init("a quote is opened and never closed", "close it", context.map { ($0.mark.line, $0.mark.column) } ?? here)
        case "mapping values are not allowed in this context":
            self.init("there is a colon where no key can stand", "check the indentation, or put the value in quotes", here)
        case "did not find expected key", "did not find expected '-' indicator", "did not find expected <document start>":
            self.init(
                "this does not fit to the lines above", "check the indentation, and put values with special characters in quotes", here)
        case "could not find expected ':'":
            self.init("a key without a colon", "write key: value", here)
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            self.init(
                "a bracket is opened and not closed, or a comma is missing", "check the brackets",
                context.map { ($0.mark.line, $0.mark.column) } ?? here)
        case "found character that cannot start any token":
            self.init("a value cannot begin with this character", "put the value in quotes", here)
        case "found undefined alias":
            self.init("the alias stands for an anchor that is nowhere above", "put a value that begins with '*' in quotes", here)
        case "but found another document":
            self.init("a second document begins", "keep one document in the file", here)
        default:
            // The parser's own words are fixed texts and hold nothing of the file.
            self.init(problem, "check the YAML around this place", here)
        }
    }

    /// - Parameter offset: In characters from the beginning.
    private static func mark(at offset: Int, in text: String) -> (line: Int, column: Int)? {
        guard let index = text.index(text.startIndex, offsetBy: offset, limitedBy: text.endIndex) else { return nil }
        let before = text[..<index]
        let lineStart = before.lastIndex(where: \.isNewline).map { before.index(after: $0) } ?? before.startIndex
        return (before.count(where: \.isNewline) + 1, before[lineStart...].unicodeScalars.count + 1)
    }
}
