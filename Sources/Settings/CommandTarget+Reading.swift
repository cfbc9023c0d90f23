import RingbackCore

extension CommandTarget {
    /// What an endpoint with a command may have beside it.
    static let keys = ["environment"]
    private static let maximumArguments = 256
    /// Ringback's own words to the program.
    private static let reservedPrefix = "RINGBACK_"

    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let environment = Self.environment(in: fields)
        guard let arguments = Self.arguments(in: fields) else { return nil }
        self.init(arguments: arguments, environment: environment)
    }

    private static func arguments(in fields: Fields) -> [String]? {
        let advice = "write the program and each argument as an element, such as [/usr/local/bin/handle, --fast]"
        guard let elements = fields.elements("command") else { return nil }
        let arguments = elements.compactMap { fields.text(of: $0.value, path: $0.path) }
        guard arguments.count == elements.count else { return nil }
        guard let program = arguments.first, elements.count <= maximumArguments else {
            fields.report(
                elements.isEmpty ? "names no program" : "more than \(maximumArguments) arguments", at: "command", suggestion: advice)
            return nil
        }
        if elements.count == 1, program.contains(where: \.isWhitespace) {
            fields.report("is one word to Ringback, since there is no shell", at: "command", suggestion: advice)
            return nil
        }
        if arguments.contains(where: { $0.utf8.contains(0) }) {
            fields.report("an argument holds a NUL", at: "command", suggestion: "remove it")
            return nil
        }
        return arguments
    }

    private static func environment(in fields: Fields) -> [EnvironmentVariable] {
        guard let variables = fields.fields("environment") else { return [] }
        var found: [EnvironmentVariable] = []
        for entry in variables.all() {
            variables.allow(entry.key)
            guard entry.key.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
                variables.report(
                    "'\(Harmless.name(of: entry.key))' is no name of a variable", at: entry.key, suggestion: "write letters, digits and _")
                continue
            }
            guard !entry.key.hasPrefix(reservedPrefix) else {
                variables.report(
                    "the names that begin with \(reservedPrefix) are Ringback's own", at: entry.key, suggestion: "choose another name")
                continue
            }
            guard let text = variables.text(entry.key) else { continue }
            found.append(EnvironmentVariable(name: entry.key, value: Secret(text)))
        }
        return found
    }
}
