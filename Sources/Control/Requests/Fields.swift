import RawJSON
import RingbackCore

/// Reads the members of one JSON object strictly: unknown and repeated names are problems, and so is a value of the wrong kind.
///
/// A member that is `null` reads as absent.
struct Fields {
    let pointer: Pointer
    let problems: FieldProblems
    private let members: [String: JSON]

    /// - Parameter known: Every name this object may have.
    init(_ members: [JSON.Member], at pointer: Pointer, known: [String], problems: FieldProblems) {
        self.pointer = pointer
        self.problems = problems
        var found: [String: JSON] = [:]
        for member in members {
            if !known.contains(member.key) {
                let suggestion = Suggestion.text(for: member.key, among: known)
                problems.add("\(pointer / Self.shown(member.key))", "there is no field of that name.\(suggestion)")
            } else if found.updateValue(member.value, forKey: member.key) != nil {
                problems.add("\(pointer / member.key)", "the field is given twice: give it once")
            }
        }
        self.members = found
    }

    /// The members of a request's body, which is an object.
    ///
    /// - Throws: ``Problem`` with the place when `body` is not JSON, or not an object.
    static func parse(_ body: [UInt8], known: [String], problems: FieldProblems) throws(Problem) -> Fields {
        let value: JSON
        do {
            value = try JSON(parsing: body)
        } catch {
            let (line, column) = place(of: error.offset, in: body)
            throw Problem(.malformedJSON, "line \(line), column \(column): \(error)")
        }
        guard let members = value.members else {
            throw Problem(
                .invalidRequest, "the body has to be a JSON object: {…}", errors: [FieldProblem(pointer: "#", detail: "write an object")])
        }
        return Fields(members, at: .root, known: known, problems: problems)
    }

    /// Whether the member is there, if only as `null`.
    func has(_ name: String) -> Bool { members[name] != nil }

    /// Whether the member is there as `null`, which takes a setting back to its default.
    func isNull(_ name: String) -> Bool { members[name]?.isNull == true }

    func report(_ name: String, _ detail: String) {
        problems.add("\(pointer / name)", detail)
    }

    func string(_ name: String) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else {
            report(name, "write a string")
            return nil
        }
        return text
    }

    /// A string that has to be there.
    func requiredString(_ name: String, example: String) -> String? {
        guard value(name) != nil else {
            report(name, "this field is needed: \(example)")
            return nil
        }
        return string(name)
    }

    func bool(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let truth = value.bool else {
            report(name, "write true or false")
            return nil
        }
        return truth
    }

    func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            report(name, "write a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func number(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.double, range.contains(number) else {
            report(name, "write a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func duration(_ name: String, in range: ClosedRange<Duration>) -> Duration? {
        guard let text = string(name) else { return nil }
        guard let duration = Duration(text: text), range.contains(duration) else {
            report(name, "write a duration from \(range.lowerBound.text) to \(range.upperBound.text), such as 500ms, 15s, 5m, 2h or 3d")
            return nil
        }
        return duration
    }

    func time(_ name: String) -> Timestamp? {
        guard let text = string(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            report(name, "write a time of RFC 3339, such as 2026-11-23T06:00:00Z")
            return nil
        }
        return time
    }

    func choice<Value: RawRepresentable & CaseIterable>(_ name: String) -> Value? where Value.RawValue == String {
        guard let text = string(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            report(name, "there is no such value.\(Suggestion.text(for: text, among: Value.allCases.map(\.rawValue)))")
            return nil
        }
        return value
    }

    /// A list of strings, each with its place for further checks.
    func strings(_ name: String, limit: Int) -> [(pointer: Pointer, text: String)]? {
        guard let value = value(name) else { return nil }
        guard let elements = value.elements, elements.count <= limit else {
            report(name, "write a list of strings, at most \(limit)")
            return nil
        }
        var strings: [(pointer: Pointer, text: String)] = []
        for (index, element) in elements.enumerated() {
            let place = pointer / name / index
            if let text = element.string {
                strings.append((place, text))
            } else {
                problems.add("\(place)", "write a string")
            }
        }
        return strings
    }

    /// A list of strings, for which one string may stand as well.
    func strings(orOne name: String, limit: Int) -> [(pointer: Pointer, text: String)]? {
        if let text = value(name)?.string { return [(pointer / name, text)] }
        return strings(name, limit: limit)
    }

    /// An object of strings, each with its place for further checks, in the order they were written.
    func stringMap(_ name: String, limit: Int) -> [(pointer: Pointer, key: String, value: String)]? {
        guard let value = value(name) else { return nil }
        guard let members = value.members, members.count <= limit else {
            report(name, "write an object of strings with at most \(limit) members")
            return nil
        }
        var map: [(pointer: Pointer, key: String, value: String)] = []
        var seen: Set<String> = []
        for member in members {
            let place = pointer / name / Self.shown(member.key)
            if !seen.insert(member.key).inserted {
                problems.add("\(place)", "the name is given twice: give it once")
            } else if let text = member.value.string {
                map.append((place, member.key, text))
            } else {
                problems.add("\(place)", "write a string")
            }
        }
        return map
    }

    /// A nested object.
    func object(_ name: String, known: [String]) -> Fields? {
        members(name).map { Fields($0, at: pointer / name, known: known, problems: problems) }
    }

    /// The members of a nested object whose names are not fixed.
    func members(_ name: String) -> [JSON.Member]? {
        guard let value = value(name) else { return nil }
        guard let members = value.members else {
            report(name, "write an object: {…}")
            return nil
        }
        return members
    }

    private func value(_ name: String) -> JSON? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    /// Names are a stranger's: a long one is not worth repeating whole.
    private static func shown(_ name: String) -> String {
        name.count <= 64 ? name : name.prefix(64) + "…"
    }

    /// Line and column, both from 1, of the byte at `offset`.
    private static func place(of offset: Int, in body: [UInt8]) -> (line: Int, column: Int) {
        let before = body.prefix(offset)
        let newline = UInt8(ascii: "\n")
        let line = before.count { $0 == newline } + 1
        let column = before.count - (before.lastIndex(of: newline).map { $0 + 1 } ?? 0) + 1
        return (line, column)
    }
}
