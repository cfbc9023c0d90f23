import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Looks at events, and sends one again.",
        subcommands: [EventsListCommand.self, EventsShowCommand.self, EventsResendCommand.self], defaultSubcommand: EventsListCommand.self
    )
}

struct EventsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists events, newest first.")

    @Option(help: "Only those of this type, such as response.completed.")
    var type: String?

    @Option(help: "Only those of this watch.")
    var watch: String?

    @Option(help: "Only those of this response.")
    var responseID: String?

    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = [(name: "type", value: type), ("watch", watch), ("response_id", responseID)] + page.query
        try await Listing.show("/v1/events", query: query, of: EventObject.self, server: server, output: output) { events in
            guard !events.isEmpty else { return "No events." }
            let now = SystemTime().wallNow
            var table = Table("EVENT", "TYPE", "RESPONSE", "CREATED")
            for event in events {
                table.add(
                    event.id.rawValue, event.type.rawValue, event.responseID?.rawValue ?? "-",
                    ShortTime.text(event.createdAt.timestamp, now: now))
            }
            return "\(table.text())\n\nIts deliveries: ringback deliveries list --event EVENT"
        }
    }
}

struct EventsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one event.")

    @Argument(help: "The event's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(APIClient.path("/v1/events", id))
            Terminal.print(
                output.json ? String(decoding: bytes, as: UTF8.self) : Self.text(try APIClient.decode(EventObject.self, from: bytes)))
        }
    }

    private static func text(_ event: EventObject) -> String {
        var fields = FieldList()
        fields.add("event", event.id.rawValue)
        fields.add("type", event.type.rawValue)
        fields.add("created", "\(event.createdAt)")
        fields.add("upstream", event.upstream?.rawValue)
        fields.add("response", event.responseID?.rawValue)
        fields.add("watch", event.watch?.rawValue)
        return "\(fields.text())\n\nIts deliveries: ringback deliveries list --event \(Printable.text(event.id.rawValue))"
    }
}

struct EventsResendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resend", abstract: "Sends an event to an endpoint once more.")

    @Argument(help: "The event's id.")
    var id: String

    @Option(help: "The endpoint that gets it.")
    var endpoint: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let body: JSON = ["endpoint": .string(endpoint)]
            let bytes = try await client.post(APIClient.path("/v1/events", id, "resend"), body: body.bytes)
            try DeliveryText.report(bytes, output: output)
        }
    }
}
