import Foundation
import RawJSON

/// The part of the vendors' own schemas that presets touch: members, types, lengths. Made from the vendors' published documents.
enum VendorShapes {
    private static let shapes: JSON = {
        guard let url = Bundle.module.url(forResource: "Data/vendor_shapes", withExtension: "json"), let data = try? Data(contentsOf: url),
            let json = try? JSON(parsing: Array(data))
        else { return .object([]) }
        return json
    }()

    static let names = shapes.members?.map(\.key) ?? []

    static func shape(_ preset: String, _ kind: String) -> JSON? { shapes[preset]?[kind] }

    /// What in `value` does not fit `shape`: a member nobody knows, a wrong type, a text that is too long.
    static func problems(of value: JSON, _ shape: JSON, at path: String = "") -> [String] {
        var problems: [String] = []
        if let choices = shape["enum"]?.elements, !choices.contains(value) {
            problems.append("\(path): \(value.text) is none of the choices")
        }
        if let type = shape["type"]?.string, type != kind(of: value) { problems.append("\(path): expected \(type)") }
        if let text = value.string {
            // Vendors count differently; UTF-16 units are the strictest of what they say is characters.
            if let limit = shape["maxLength"]?.integer, text.utf16.count > limit {
                problems.append("\(path): \(text.utf16.count) > \(limit)")
            }
            if let limit = shape["maxBytes"]?.integer, text.utf8.count > limit {
                problems.append("\(path): \(text.utf8.count) bytes > \(limit)")
            }
            if let limit = shape["minLength"]?.integer, text.count < limit { problems.append("\(path): is empty") }
        }
        if let number = value.integer {
            if let limit = shape["maximum"]?.integer, number > limit { problems.append("\(path): \(number) > \(limit)") }
            if let limit = shape["minimum"]?.integer, number < limit { problems.append("\(path): \(number) < \(limit)") }
        }
        if let elements = value.elements {
            if let limit = shape["maxItems"]?.integer, elements.count > limit { problems.append("\(path): \(elements.count) items") }
            if let item = shape["items"] {
                for (index, element) in elements.enumerated() { problems += Self.problems(of: element, item, at: "\(path)/\(index)") }
            }
        }
        if let members = value.members, let properties = shape["properties"] {
            for required in shape["required"]?.elements ?? [] {
                if let name = required.string, value[name] == nil { problems.append("\(path): '\(name)' is missing") }
            }
            for member in members {
                guard let inner = properties[member.key] else {
                    problems.append("\(path): nobody knows '\(member.key)'")
                    continue
                }
                problems += Self.problems(of: member.value, inner, at: "\(path)/\(member.key)")
            }
        }
        return problems
    }

    private static func kind(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object, .raw: "object"
        }
    }
}
