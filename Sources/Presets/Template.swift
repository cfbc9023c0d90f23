import Mustache

/// A text with mustache tags: `{{name}}`, sections `{{#name}}…{{/name}}` and `{{^name}}…{{/name}}`, and comments `{{! … }}`.
///
/// What mustache has beside these is refused: partials and set delimiters have no use here, and `{{{name}}}` and `{{&name}}` would go around
/// the escaping that the place of a template asks for. Values are escaped before they come here, so rendering itself escapes nothing.
package struct Template: Sendable, Hashable {
    package let text: String
    /// Every tag that names something, in order.
    package let tags: [TemplateTag]
    /// The first part of each dotted name in it: of anything else it cannot speak.
    let firstNames: Set<String>
    private let compiled: MustacheTemplate

    /// - Throws: ``TemplateProblem`` with the first thing that is wrong, and where.
    package init(_ text: String) throws(TemplateProblem) {
        self.text = text
        tags = try TemplateScanner.tags(in: text)
        firstNames = Set(tags.map { String($0.name.prefix { $0 != "." }) })
        do {
            // The library's own default is HTML. The directive stands on a line of its own, which it takes away with itself.
            compiled = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + text)
        } catch let error as MustacheTemplate.ParserError {
            throw TemplateProblem("the template cannot be read: \(error.error)", line: max(1, error.context.lineNumber - 1), column: 1)
        } catch {
            throw TemplateProblem("the template cannot be read: \(error)", line: 1, column: 1)
        }
    }

    /// Whether it is one tag and nothing else: then it stands for the value itself.
    package var isSingleTag: Bool {
        tags.count == 1 && tags[0].kind == .value && text.hasPrefix("{{") && text.hasSuffix("}}") && !text.dropFirst(2).contains("{{")
    }

    package func render(_ values: TemplateValue) -> String {
        tags.isEmpty ? text : compiled.render(values.any ?? [:])
    }

    package static func == (left: Template, right: Template) -> Bool {
        left.text == right.text
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }
}

/// One tag of a template.
package struct TemplateTag: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case value
        case section
        case end
    }

    package let name: String
    package let kind: Kind
    /// Counted from 1 within the template.
    package let line: Int
    /// Counted from 1 within the line.
    package let column: Int
}

/// What is wrong with a template, and where in it.
package struct TemplateProblem: Error, Sendable, Hashable {
    package let message: String
    /// Counted from 1 within the template.
    package let line: Int
    package let column: Int

    init(_ message: String, line: Int, column: Int) {
        self.message = message
        self.line = line
        self.column = column
    }
}

/// Finds the tags of a template, and refuses those that presets do not have.
enum TemplateScanner {
    static func tags(in text: String) throws(TemplateProblem) -> [TemplateTag] {
        var tags: [TemplateTag] = []
        var open: [TemplateTag] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var rest = line
            while let start = rest.range(of: "{{") {
                let column = line.distance(from: line.startIndex, to: start.lowerBound) + 1
                rest = rest[start.upperBound...]
                guard let end = rest.range(of: "}}") else {
                    throw TemplateProblem("'{{' opens a tag that is not closed on this line", line: index + 1, column: column)
                }
                let content = rest[..<end.lowerBound]
                rest = rest[end.upperBound...]
                guard let tag = try tag(content, line: index + 1, column: column) else { continue }
                switch tag.kind {
                case .value: break
                case .section: open.append(tag)
                case .end:
                    guard let section = open.popLast(), section.name == tag.name else {
                        throw TemplateProblem("{{/\(tag.name)}} closes a section that is not open", line: index + 1, column: column)
                    }
                }
                tags.append(tag)
            }
        }
        if let section = open.last {
            throw TemplateProblem("the section {{#\(section.name)}} is not closed", line: section.line, column: section.column)
        }
        return tags
    }

    /// - Returns: `nil` for a comment.
    private static func tag(_ content: Substring, line: Int, column: Int) throws(TemplateProblem) -> TemplateTag? {
        var name = content
        var kind = TemplateTag.Kind.value
        switch content.first {
        case "!": return nil
        case "#", "^":
            kind = .section
            name = name.dropFirst()
        case "/":
            kind = .end
            name = name.dropFirst()
        case "{", "&":
            throw TemplateProblem("a preset cannot go around escaping: write {{name}}", line: line, column: column)
        case ">", "<", "$", "=", "%", "*":
            throw TemplateProblem("a preset's templates have values, sections and comments only", line: line, column: column)
        default: break
        }
        name = name.drop { $0 == " " }
        while name.last == " " { name.removeLast() }
        guard !name.isEmpty, name == "." || name.utf8.allSatisfy({ isNameByte($0) }) else {
            throw TemplateProblem("'\(name)' is not a name", line: line, column: column)
        }
        return TemplateTag(name: String(name), kind: kind, line: line, column: column)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "_.-".utf8.contains(byte)
        }
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
