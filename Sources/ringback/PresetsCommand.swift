import ArgumentParser

struct PresetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "Shows how chat, ticket and mail systems are written to.",
        discussion: """
            Try it:
              ringback presets list
              ringback presets render slack --sample failed
            """,
        subcommands: [PresetsListCommand.self, PresetsShowCommand.self, PresetsRenderCommand.self, PresetsCheckCommand.self]
    )
}
