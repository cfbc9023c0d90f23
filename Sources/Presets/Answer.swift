package import RawJSON

/// What came back from a system.
package struct PresetAnswer: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// `nil` when the body is no JSON.
    var json: JSON? { try? JSON(parsing: body) }
}

/// What an answer means.
package enum AnswerVerdict: String, Sendable, Hashable, CaseIterable {
    case delivered
    /// Later it may work.
    case retry
    /// It will never work.
    case permanent
    /// It may have been taken or not.
    case ambiguous
    /// The endpoint is at fault: whoever goes on may be banned.
    case disable
    /// What an earlier request made is no longer there.
    case missing
    /// The system does not understand the markup of the text: the same goes once more as `plain`.
    case plain
}

/// "An answer like this means that."
package struct AnswerRule: Sendable, Hashable {
    package let statuses: [ClosedRange<Int>]
    package let conditions: [AnswerCondition]
    package let verdict: AnswerVerdict
    /// For people, when it says more than the answer itself.
    package let reason: String?

    package init(statuses: [ClosedRange<Int>], conditions: [AnswerCondition], verdict: AnswerVerdict, reason: String?) {
        self.statuses = statuses
        self.conditions = conditions
        self.verdict = verdict
        self.reason = reason
    }

    func holds(for answer: PresetAnswer, json: JSON?) -> Bool {
        (statuses.isEmpty || statuses.contains { $0.contains(answer.status) })
            && conditions.allSatisfy { $0.holds(for: answer, json: json) }
    }
}

/// One thing that is looked for in an answer.
package enum AnswerCondition: Sendable, Hashable {
    /// The whole body, without white space around it, is one of these.
    case bodyEquals([String])
    case bodyContains([String])
    case bodyLacks([String])
    /// The value at a JSON pointer is one of these.
    case json(JSONPath, [JSON])
    /// There is something at a JSON pointer, or there is not.
    case jsonExists(JSONPath, Bool)
    case header(String, [String])

    func holds(for answer: PresetAnswer, json: JSON?) -> Bool {
        switch self {
        case .bodyEquals(let texts): texts.contains(Self.trimmed(answer.body))
        case .bodyContains(let texts): texts.contains { Self.text(answer.body).contains($0) }
        case .bodyLacks(let texts): !texts.contains { Self.text(answer.body).contains($0) }
        case .json(let path, let values): path.value(in: json).map(values.contains) ?? false
        case .jsonExists(let path, let exists): path.value(in: json).map { !$0.isNull } ?? false == exists
        case .header(let name, let values): answer.header(name).map(values.contains) ?? false
        }
    }

    private static func text(_ body: [UInt8]) -> String {
        String(decoding: body, as: UTF8.self)
    }

    private static func trimmed(_ body: [UInt8]) -> String {
        var text = text(body)[...].drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// A place in a JSON document (RFC 6901).
package struct JSONPath: Sendable, Hashable {
    private let parts: [String]
    package let text: String

    /// - Returns: `nil` when `text` does not begin with a slash.
    package init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        self.text = text
        parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            Self.replacing("~0", by: "~", in: Self.replacing("~1", by: "/", in: String($0)))
        }
    }

    package func value(in json: JSON?) -> JSON? {
        parts.reduce(json) { value, part in
            guard let value else { return nil }
            return value.elements == nil ? value[part] : Int(part).flatMap { value[$0] }
        }
    }

    private static func replacing(_ part: String, by other: String, in text: String) -> String {
        text.split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}

/// A value that is kept from an answer, for later requests about the same response.
package struct Capture: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case json(JSONPath)
        case header(String)
    }

    package let name: String
    package let source: Source
    /// Whether the answer may lack it.
    package let isOptional: Bool

    package init(name: String, source: Source, isOptional: Bool) {
        self.name = name
        self.source = source
        self.isOptional = isOptional
    }

    /// Longer values are no ids.
    static let maximumBytes = 2048

    func value(in answer: PresetAnswer, json: JSON?) -> String? {
        let text: String? =
            switch source {
            case .json(let path):
                switch path.value(in: json) {
                case .string(let text)?: text
                case .integer(let number)?: "\(number)"
                case .number(let text)?: text
                case .bool, .null, .array, .object, .raw, nil: nil
                }
            case .header(let name): answer.header(name)
            }
        return text.flatMap { $0.isEmpty || $0.utf8.count > Self.maximumBytes ? nil : $0 }
    }
}
