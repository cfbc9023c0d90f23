/// One thing that is wrong with the configuration, with the place to look at and what to write instead.
///
/// Prints as compilers do, and never shows a secret, neither in its words nor in the line it quotes:
/// ```
/// ringback.yaml:12:10: endpoints[0].url: the URL has no scheme: write https://app.example.com/hooks
///     url: app.example.com/hooks
///          ^
/// ```
package struct SettingsProblem: Sendable, Hashable {
    /// A line of the configuration, with what is secret cut out of it.
    package struct Excerpt: Sendable, Hashable {
        package let text: String
        /// Where the caret stands, in Unicode scalars from the beginning of ``text``.
        package let caret: Int
    }

    package let place: SettingsPlace
    /// The key, such as `endpoints[0].url`; empty when the problem is about the whole.
    package let path: String
    /// What is wrong, without a full stop.
    package let message: String
    /// What to do about it; `nil` when the message says so already.
    package let suggestion: String?
    package let excerpt: Excerpt?

    package var file: String? { place.file }
    /// Counted from 1.
    package var line: Int? { place.line }
    /// Counted from 1, in Unicode scalars.
    package var column: Int? { place.column }
}

extension SettingsProblem: CustomStringConvertible {
    package var description: String {
        var words = [place.description]
        switch place {
        case .position, .file: if !path.isEmpty { words.append(path) }
        // Whoever configures by environment knows the variable and not the key it stands for.
        case .variable: break
        }
        words.append(message)
        if let suggestion { words.append(suggestion) }
        let sentence = words.joined(separator: ": ")
        guard let excerpt else { return sentence }
        return "\(sentence)\n\(excerpt.text)\n\(String(repeating: " ", count: excerpt.caret))^"
    }
}

/// Where in the configuration something stands.
package enum SettingsPlace: Sendable, Hashable {
    /// Line and column are counted from 1; columns in Unicode scalars.
    case position(file: String, line: Int, column: Int)
    /// The file as a whole.
    case file(String)
    /// An environment variable, when there is no file.
    case variable(String)

    package var file: String? {
        switch self {
        case .position(let file, _, _), .file(let file): file
        case .variable: nil
        }
    }

    package var line: Int? {
        switch self {
        case .position(_, let line, _): line
        case .file, .variable: nil
        }
    }

    package var column: Int? {
        switch self {
        case .position(_, _, let column): column
        case .file, .variable: nil
        }
    }
}

extension SettingsPlace: CustomStringConvertible {
    package var description: String {
        switch self {
        case .position(let file, let line, let column): "\(file):\(line):\(column)"
        case .file(let file): file
        case .variable(let name): "environment variable \(name)"
        }
    }
}

/// Everything that is wrong with a configuration, in the order of the file. Nothing of it takes effect.
package struct SettingsErrors: Error, Sendable, Hashable {
    /// More than this many problems usually have one cause; the rest is only counted.
    package static let maximumProblems = 50

    /// At least one, at most ``maximumProblems``.
    package let problems: [SettingsProblem]
    /// How many more there are.
    package let omitted: Int

    init(_ all: [SettingsProblem]) {
        precondition(!all.isEmpty, "an error needs at least one problem")
        problems = Array(all.prefix(Self.maximumProblems))
        omitted = all.count - problems.count
    }
}

extension SettingsErrors: CustomStringConvertible {
    package var description: String {
        let rest = omitted > 0 ? ["… and \(omitted) more"] : []
        return (problems.map(\.description) + rest).joined(separator: "\n")
    }
}
