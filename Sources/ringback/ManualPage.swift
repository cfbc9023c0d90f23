/// A manual page in the notation of man(7), made from what the command line says of itself.
struct ManualPage {
    let name: String
    private var lines: [String] = []

    /// - Parameters:
    ///   - title: The whole command, such as `ringback endpoints`.
    ///   - others: The names of the other pages.
    init(_ command: CommandDescription, title: String, version: String, date: String, others: [String]) {
        name = title.replacing(" ", with: "-")
        lines.append(".TH \"\(Self.escaped(name.uppercased()))\" 1 \"\(date)\" \"ringback \(version)\" \"Ringback\"")
        section("NAME")
        let abstract = command.abstract ?? ""
        lines.append("\(Self.escaped(name)) \\- \(Self.escaped(abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract))")
        section("SYNOPSIS")
        synopsis(command, title)
        section("DESCRIPTION")
        text(command.abstract)
        text(command.discussion)
        options(command, isFirstPage: title == command.commandName)
        // On the first page the commands are pages of their own.
        if title == command.commandName { list(command) } else { chapters(command, title) }
        if title == command.commandName { files() }
        if !others.isEmpty {
            section("SEE ALSO")
            lines.append(others.filter { $0 != name }.map { ".BR \(Self.escaped($0)) (1)" }.joined(separator: ",\n"))
        }
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    // MARK: Parts

    private mutating func section(_ title: String) {
        lines.append(".SH \(title)")
    }

    private mutating func synopsis(_ command: CommandDescription, _ title: String) {
        var words = ["\\fB\(Self.escaped(title))\\fR"]
        if !command.shownCommands.isEmpty { words.append("\\fIcommand\\fR") }
        if command.shownArguments.contains(where: { $0.kind != "positional" }) { words.append("[\\fIoptions\\fR]") }
        for argument in command.shownArguments where argument.kind == "positional" {
            let word = "\\fI\(Self.escaped(argument.valueName ?? "value"))\\fR" + (argument.isRepeating ? " ..." : "")
            words.append(argument.isOptional ? "[\(word)]" : word)
        }
        lines.append(words.joined(separator: " "))
    }

    private mutating func options(_ command: CommandDescription, isFirstPage: Bool) {
        // Every command takes --version: the first page tells of it.
        let arguments = command.shownArguments.filter { isFirstPage || $0.names?.contains { $0.typed == "--version" } != true }
        guard !arguments.isEmpty else { return }
        section("OPTIONS")
        for argument in arguments { option(argument) }
    }

    private mutating func option(_ argument: CommandDescription.Argument) {
        let value = "\\fI\(Self.escaped(argument.valueName ?? "value"))\\fR"
        let names = (argument.names ?? []).map { "\\fB\(Self.escaped($0.typed))\\fR" }.joined(separator: ", ")
        lines.append(".TP")
        switch argument.kind {
        case "positional": lines.append(value)
        case "option": lines.append("\(names) \(value)")
        default: lines.append(names)
        }
        var words = argument.abstract ?? ""
        if let standard = argument.defaultValue { words += " (default: \(standard))" }
        // An entry without words would swallow the next one.
        lines.append(words.isEmpty ? "\\&" : Self.line(words))
    }

    private mutating func list(_ command: CommandDescription) {
        section("COMMANDS")
        for subcommand in command.shownCommands {
            lines += [".TP", "\\fB\(Self.escaped(subcommand.commandName))\\fR", Self.line(subcommand.abstract ?? "")]
        }
    }

    private mutating func chapters(_ command: CommandDescription, _ title: String) {
        guard !command.shownCommands.isEmpty else { return }
        section("COMMANDS")
        for subcommand in command.shownCommands { chapter(subcommand, "\(title) \(subcommand.commandName)") }
    }

    private mutating func chapter(_ command: CommandDescription, _ title: String) {
        lines.append(".SS \(Self.escaped(title))")
        synopsis(command, title)
        text(command.abstract)
        text(command.discussion)
        for argument in command.shownArguments where argument.names?.contains(where: { $0.typed == "--version" }) != true {
            option(argument)
        }
        for subcommand in command.shownCommands { chapter(subcommand, "\(title) \(subcommand.commandName)") }
    }

    private mutating func files() {
        section("FILES")
        for (path, what) in [
            (
                "./ringback.yaml, /etc/ringback/ringback.yaml",
                "The configuration, unless another file is named; the first that is there counts."
            ),
            ("/var/lib/ringback", "The store and its key, when the system's service manager runs the server."),
        ] {
            lines += [".TP", "\\fI\(Self.escaped(path))\\fR", Self.line(what)]
        }
    }

    // MARK: Notation

    /// Paragraphs; one with columns keeps its lines.
    private mutating func text(_ text: String?) {
        guard let text, !text.isEmpty else { return }
        var paragraph: [Substring] = []
        let source: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
        for line in source {
            guard line.isEmpty else {
                paragraph.append(line)
                continue
            }
            guard !paragraph.isEmpty else { continue }
            let hasColumns = paragraph.contains { $0.contains("  ") }
            // A heading begins a paragraph by itself.
            if lines.last?.hasPrefix(".S") != true { lines.append(".PP") }
            if hasColumns { lines.append(".nf") }
            lines += paragraph.map { Self.line(String($0)) }
            if hasColumns { lines.append(".fi") }
            paragraph = []
        }
    }

    /// A line of text: one that begins with a dot or an apostrophe would be taken for a request.
    private static func line(_ text: String) -> String {
        let escaped = escaped(text)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&\(escaped)" : escaped
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            // A plain one may become a typographic hyphen, which no shell takes for an option.
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            case "`": result += "\\(ga"
            default: result.append(character)
            }
        }
        return result
    }
}
