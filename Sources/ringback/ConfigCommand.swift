import ArgumentParser
import Control
import Settings

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Looks at the configuration, or has it read again.",
        subcommands: [ConfigCheckCommand.self, ConfigReloadCommand.self]
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

struct ConfigReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Has a running bridge read its configuration again.",
        discussion: """
            Does what SIGHUP does, and says what came of it. A configuration
            with a mistake changes nothing.
            Exits 0 when it was taken, 1 when not.
            """
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.post("/v1/reload")
            let reload = try APIClient.decode(ReloadObject.self, from: bytes)
            Terminal.print(output.json ? String(decoding: bytes, as: UTF8.self) : Self.text(reload))
        }
    }

    private static func text(_ reload: ReloadObject) -> String {
        let changed = reload.changed.isEmpty ? "Nothing has changed." : "Changed: \(reload.changed.joined(separator: ", "))."
        guard !reload.needsRestart.isEmpty else { return changed }
        return "\(changed)\nNot before a restart: \(reload.needsRestart.joined(separator: ", "))."
    }
}
