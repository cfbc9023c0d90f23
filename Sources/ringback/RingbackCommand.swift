import ArgumentParser
import RingbackCore

struct RingbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringback",
        abstract: "Follows LLM background responses to their end and rings back.",
        discussion: """
            See it work:       ringback demo
            Run the bridge:    ringback serve --config ringback.yaml
            Watch a response:  ringback watch resp_123 --wait

            Exit codes: 0 done; 1 failed; 2 usage or configuration error.
            With --wait: 3 the response failed, 4 incomplete, 5 cancelled,
            6 lost or expired, 124 timed out.
            """,
        version: RingbackVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Running",
                subcommands: [DemoCommand.self, ServeCommand.self, DoctorCommand.self, SandboxCommand.self, ListenCommand.self]),
            CommandGroup(name: "Responses", subcommands: [CreateCommand.self, WatchCommand.self, CancelCommand.self]),
            CommandGroup(
                name: "Looking and mending",
                subcommands: [
                    TopCommand.self, WatchesCommand.self, UpstreamsCommand.self, EventsCommand.self, DeliveriesCommand.self,
                    DeadLettersCommand.self, EndpointsCommand.self, PresetsCommand.self, ExplainCommand.self, TriggerCommand.self,
                    BackupCommand.self, RestoreCommand.self,
                ]
            ),
            CommandGroup(
                name: "Tools",
                subcommands: [
                    InboxCommand.self, VerifyCommand.self, SecretCommand.self, ConfigCommand.self, HealthCommand.self,
                    CompletionsCommand.self, ManualCommand.self,
                ]
            ),
        ]
    )
}
