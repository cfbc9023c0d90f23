/// What the command line says of itself, in the form in which swift-argument-parser tells it (`--experimental-dump-help`).
struct CommandDescription: Decodable {
    struct Dump: Decodable {
        let command: CommandDescription
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            /// As it is typed.
            var typed: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool
    let arguments: [Argument]?
    let subcommands: [CommandDescription]?

    /// Those that people are shown, `help` aside, which every page tells of.
    var shownCommands: [CommandDescription] {
        (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    /// `--help` is on the first page.
    var shownArguments: [Argument] {
        (arguments ?? []).filter { $0.shouldDisplay && $0.names?.contains { $0.typed == "--help" } != true }
    }
}
