package import RawJSON

/// How a request's body is written.
package enum BodyEncoding: String, Sendable, Hashable, CaseIterable {
    case json
    case form
    case text

    var contentType: String {
        switch self {
        case .json: "application/json; charset=utf-8"
        case .form: "application/x-www-form-urlencoded"
        case .text: "text/plain; charset=utf-8"
        }
    }

    /// The bytes that a text takes in such a body.
    func encodedLength(of text: String) -> Int {
        switch self {
        case .json: Self.jsonString(text).count - 2
        case .form: FormText.encode(text).utf8.count
        case .text: text.utf8.count
        }
    }

    static func jsonString(_ text: String) -> [UInt8] {
        JSON.string(text).bytes
    }
}

/// A body as a tree whose texts are templates. It is encoded only when all of them are rendered, so that no value can break out of its place.
package indirect enum BodyTemplate: Sendable, Hashable {
    case text(Template)
    /// A number, a boolean or null, as it is.
    case literal(JSON)
    /// A template whose text is a number or a boolean: `$number`, `$bool`. What is neither is left out.
    case scalar(Template)
    case list([BodyTemplate])
    case object([Member], when: Template?)

    package struct Member: Sendable, Hashable {
        package let key: String
        package let value: BodyTemplate
        /// Whether it is left out when its value is empty.
        package let isOptional: Bool

        package init(_ key: String, _ value: BodyTemplate, isOptional: Bool = false) {
            self.key = key
            self.value = value
            self.isOptional = isOptional
        }
    }

    /// - Returns: `nil` when it is to be left out of whatever holds it.
    func render(_ values: TemplateValue) -> JSON? {
        switch self {
        case .text(let template): return .string(CleanText.clean(template.render(values)))
        case .literal(let json): return json
        case .scalar(let template):
            let text = template.render(values)
            // A number or a boolean and nothing else: whatever a value holds, it cannot bring in more.
            guard let json = try? JSON(parsing: text) else { return nil }
            switch json {
            case .integer, .number, .bool: return json
            case .null, .string, .array, .object, .raw: return nil
            }
        case .list(let elements): return .array(elements.compactMap { $0.render(values) })
        case .object(let members, let condition):
            if let condition, condition.render(values).isEmpty { return nil }
            return .object(
                members.compactMap { member in
                    guard let value = member.value.render(values), !(member.isOptional && value.isEmpty) else { return nil }
                    return JSON.Member(member.key, value)
                })
        }
    }

    /// All templates in it.
    package var templates: [Template] {
        switch self {
        case .text(let template), .scalar(let template): [template]
        case .literal: []
        case .list(let elements): elements.flatMap(\.templates)
        case .object(let members, let condition): [condition].compactMap { $0 } + members.flatMap(\.value.templates)
        }
    }
}

extension JSON {
    fileprivate var isEmpty: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .integer, .number, .raw: false
        }
    }

    /// A value as a form has it.
    var formText: String {
        switch self {
        case .string(let text): text
        case .null: ""
        case .bool, .integer, .number, .raw, .array, .object: text
        }
    }
}
