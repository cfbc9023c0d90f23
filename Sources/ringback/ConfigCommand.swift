import ArgumentParser
import Settings

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Looks at the configuration.", subcommands: [ConfigCheckCommand.self]
    )
}

struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration and shows what it comes to.",
        discussion: """
            Without a file: ./ringback.yaml, then /etc/ringback/ringback.yaml, then the environment alone, as `ringback serve` looks for it.
            Exits 0 when everything is in order, 2 with all problems on standard error when not.
            """
    )

    @Argument(help: "The configuration file.")
    var file: String?

    func run() async throws {
        let configured = try ConfiguredSettings(file: file)
        Terminal.print("\(configured.path ?? "The environment") is in order.\n\n\(configured.settings.describe())")
    }
}
