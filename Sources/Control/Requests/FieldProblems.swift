/// Gathers what is wrong with a request, so that the caller hears of everything at once.
///
/// A class, because the readers of nested objects report into the same list. It never leaves the function that checks one request.
final class FieldProblems {
    private(set) var list: [FieldProblem] = []

    func add(_ pointer: String, _ detail: String) {
        list.append(FieldProblem(pointer: pointer, detail: detail))
    }

    /// - Throws: ``Problem`` when anything was wrong.
    func check() throws(Problem) {
        guard let first = list.first else { return }
        let detail = list.count == 1 ? "\(first.pointer): \(first.detail)" : "\(list.count) fields are not as they should be; see errors."
        throw Problem(.invalidRequest, detail, errors: list)
    }
}

/// Where a value stands in a request: a JSON Pointer in fragment form (RFC 6901, section 6).
struct Pointer: CustomStringConvertible {
    static let root = Pointer(description: "#")

    let description: String

    static func / (parent: Pointer, name: String) -> Pointer {
        // RFC 6901, section 3: "~" and "/" in names are written "~0" and "~1".
        var escaped = ""
        for character in name {
            switch character {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.append(character)
            }
        }
        return Pointer(description: "\(parent.description)/\(escaped)")
    }

    static func / (parent: Pointer, index: Int) -> Pointer {
        Pointer(description: "\(parent.description)/\(index)")
    }
}
