/// Fills `${NAME}` and `${NAME:-default}` from the environment (contract, section 4).
///
/// The default counts when the variable is unset or empty, as in a shell. `$${` stands for `${` itself; every other `$` for itself.
/// A variable's value is taken as it is and never expanded again.
enum Interpolation {
    enum Failure: Error, Equatable {
        /// The variable is unset and has no default.
        case unset(String)
        /// What follows `${` cannot be read; the text is never shown, since it may be a secret.
        case malformed
    }

    static func expand(_ text: String, environment: [String: String]) throws(Failure) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let close = rest.firstIndex(of: "}") else { throw .malformed }
                result += try value(of: rest[..<close].dropFirst(2), environment: environment)
                rest = rest[close...].dropFirst()
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// The text that ``expand(_:environment:)`` turns into `text`.
    static func escape(_ text: String) -> String {
        text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }

    /// - Parameter reference: What stands between the braces.
    private static func value(of reference: Substring, environment: [String: String]) throws(Failure) -> String {
        let name = reference.prefix { $0.utf8.allSatisfy { isNameByte($0) } }
        let rest = reference[name.endIndex...]
        guard let first = name.utf8.first, !isDigit(first), rest.isEmpty || rest.hasPrefix(":-") else { throw .malformed }
        let value = environment[String(name)]
        if !rest.isEmpty { return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(rest.dropFirst(2)) }
        guard let value else { throw .unset(String(name)) }
        return value
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        default: isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
