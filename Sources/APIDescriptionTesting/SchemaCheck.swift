import RawJSON
import RingbackCore

/// Checks values by the part of JSON Schema (2020-12) that the description uses.
///
/// Stricter than the standard in one thing: a member that an object's schema does not name is a problem unless `additionalProperties` admits
/// it. Clients have to take members they do not know; we have to describe them.
struct SchemaCheck {
    private let api: DescribedAPI

    init(_ api: DescribedAPI) {
        self.api = api
    }

    func problems(of value: JSON, _ schema: JSON, at place: String) -> [String] {
        let schema = api.resolve(schema)
        if let choices = (schema["oneOf"] ?? schema["anyOf"])?.elements {
            let all = choices.map { problems(of: value, $0, at: place) }
            return all.contains { $0.isEmpty } ? [] : all.min { $0.count < $1.count } ?? []
        }
        var found: [String] = []
        if let constant = schema["const"], constant != value { found.append("\(place) is not \(Self.text(constant))") }
        if let words = schema["enum"]?.elements, !words.contains(value) { found.append("\(place) is none of the described words") }
        let types = schema["type"]?.string.map { [$0] } ?? schema["type"]?.elements?.compactMap(\.string) ?? []
        guard types.isEmpty || types.contains(where: { Self.isOfType(value, $0) }) else {
            return found + ["\(place) is no \(types.joined(separator: " or "))"]
        }
        if schema["format"] == "date-time", let text = value.string, Timestamp(rfc3339: text) == nil {
            found.append("\(place) is no time of RFC 3339")
        }
        if let number = value.double {
            if let least = schema["minimum"]?.double, number < least { found.append("\(place) is less than \(least)") }
            if let most = schema["maximum"]?.double, number > most { found.append("\(place) is more than \(most)") }
        }
        if let elements = value.elements, let items = schema["items"] {
            for (index, element) in elements.enumerated() { found += problems(of: element, items, at: "\(place)/\(index)") }
        }
        if let members = value.members { found += problems(ofMembers: members, schema, at: place) }
        return found
    }

    private func problems(ofMembers members: [JSON.Member], _ schema: JSON, at place: String) -> [String] {
        let required = schema["required"]?.elements?.compactMap(\.string) ?? []
        var found = required.filter { name in !members.contains { $0.key == name } }.map { "\(place)/\($0) is missing" }
        for member in members {
            let inside = "\(place)/\(member.key)"
            if let described = schema["properties"]?[member.key] {
                found += problems(of: member.value, described, at: inside)
            } else if let others = schema["additionalProperties"], others != false {
                if others.members != nil { found += problems(of: member.value, others, at: inside) }
            } else if schema["properties"] != nil {
                found.append("\(inside) is not described: describe it in openapi.json")
            }
        }
        return found
    }

    private static func isOfType(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null), ("integer", .integer),
            ("number", .integer), ("number", .number):
            true
        default: false
        }
    }

    private static func text(_ value: JSON) -> String { String(decoding: value.bytes, as: UTF8.self) }
}
