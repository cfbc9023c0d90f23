package import RingbackCore

/// Something a preset has to be told: `with: { url: … }`.
package struct PresetParameter: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case text
        /// A whole URL, put where the template says as it is.
        case url
        /// The beginning of URLs: slashes at its end are dropped.
        case baseURL = "base_url"
        /// Some segments of a URL's path: its slashes stay such.
        case path
        case flag
        case integer
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package let isSecret: Bool
    package let isRequired: Bool
    package let fallback: String?
    package let example: String?
    /// A regular expression that the whole value fits.
    package let pattern: String?
    /// The values it can have; empty for any.
    package let choices: [String]

    package init(
        name: String, help: String, kind: Kind = .text, isSecret: Bool = false, isRequired: Bool = false, fallback: String? = nil,
        example: String? = nil, pattern: String? = nil, choices: [String] = []
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.isSecret = isSecret
        self.isRequired = isRequired
        self.fallback = fallback
        self.example = example
        self.pattern = pattern
        self.choices = choices
    }

    /// What every preset can be told.
    package static let common = [
        PresetParameter(
            name: "include_output", help: "Show the beginning of the output. Who reads the channel reads it too.", kind: .flag,
            fallback: "false"),
        PresetParameter(
            name: "on_ambiguous",
            help: "What to do when nobody can tell whether a request arrived, and a repeat could be a second message.",
            fallback: "retry", choices: ["retry", "give_up"]),
    ]

    /// Longer than any token or address there is.
    package static let maximumBytes = 8 * 1024

    /// - Returns: What is wrong with a value, with advice, in words that do not show it; `nil` when nothing is.
    package func trouble(with value: String) -> String? {
        if value.utf8.count > Self.maximumBytes { return "has more than \(Self.maximumBytes) bytes" }
        if value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "has a character that cannot be sent, such as a line break"
        }
        switch kind {
        case .text, .path: break
        case .url, .baseURL:
            do {
                _ = try HTTPURL(validating: value)
            } catch {
                return "is not a URL to send to: \(error)"
            }
            if kind == .baseURL, value.contains("?") { return "has a query: write the URL up to the '?'" }
        case .flag where value != "true" && value != "false": return "is neither true nor false"
        case .integer where Int64(value) == nil: return "is not a whole number"
        case .flag, .integer: break
        }
        if !choices.isEmpty, !choices.contains(value) { return "is none of the choices: write \(choices.joined(separator: " or "))" }
        // A pattern that cannot be read was refused with its preset.
        if let pattern, let expression = try? Regex(pattern), value.wholeMatch(of: expression) == nil {
            return "does not look right" + (example.map { ": write something like \($0)" } ?? "")
        }
        return nil
    }

    /// As it stands in requests.
    func normalized(_ value: String) -> String {
        guard kind == .baseURL else { return value }
        var value = value[...]
        while value.last == "/" { value.removeLast() }
        return String(value)
    }
}

/// What is wrong with the `with` of an endpoint.
package struct ParameterProblem: Error, Sendable, Hashable {
    /// The parameter; one that does not exist where the preset has none of that name.
    package let name: String
    package let message: String
    package let suggestion: String?
}

extension Preset {
    /// Puts together what a preset is told by an endpoint.
    ///
    /// - Parameter given: Values by name.
    /// - Returns: The target; or everything that is wrong, in words that show no value.
    package func target(with given: [String: String]) -> Result<PresetTarget, ParameterProblems> {
        var problems: [ParameterProblem] = []
        for name in given.keys.sorted() where !allParameters.contains(where: { $0.name == name }) {
            problems.append(
                ParameterProblem(name: name, message: "the preset '\(self.name)' has no such parameter", suggestion: advice(for: name)))
        }
        var values: [PresetTarget.Parameter] = []
        for parameter in allParameters {
            guard let value = given[parameter.name] else {
                if parameter.isRequired { problems.append(missing(parameter)) }
                continue
            }
            if let trouble = parameter.trouble(with: value) {
                problems.append(ParameterProblem(name: parameter.name, message: trouble, suggestion: nil))
            }
            values.append(
                PresetTarget.Parameter(name: parameter.name, value: Secret(value), isSecret: parameter.isSecret))
        }
        if transport == .smtp { problems += MailParameters.problems(of: given) }
        guard problems.isEmpty else { return .failure(ParameterProblems(problems)) }
        return .success(
            PresetTarget(preset: name, parameters: values, pace: pace?.rate, destination: destination(with: given)))
    }

    private func missing(_ parameter: PresetParameter) -> ParameterProblem {
        ParameterProblem(
            name: parameter.name, message: "is missing: \(parameter.help)",
            suggestion: parameter.example.map { "write \(parameter.name): \($0)" })
    }

    private func advice(for name: String) -> String {
        let names = allParameters.map(\.name)
        let near = names.map { ($0, EditDistance.between(Array(name.lowercased().utf8), Array($0.utf8))) }.min { $0.1 < $1.1 }
        if let near, near.1 <= 2 { return "did you mean '\(near.0)'?" }
        return "it has \(names.joined(separator: ", "))"
    }
}

package struct ParameterProblems: Error, Sendable, Hashable {
    package let problems: [ParameterProblem]

    init(_ problems: [ParameterProblem]) {
        self.problems = problems
    }
}
