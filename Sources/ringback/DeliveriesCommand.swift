import ArgumentParser
import Control
import RingbackCore

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "Looks at deliveries, tries them again, gives them up.",
        subcommands: [
            DeliveriesListCommand.self, DeliveriesShowCommand.self, DeliveriesRetryCommand.self, DeliveriesAbandonCommand.self,
        ],
        defaultSubcommand: DeliveriesListCommand.self
    )
}

struct DeliveriesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists deliveries, newest first.")

    @Option(help: "Only these: pending, delivering, delivered, dead or abandoned.")
    var status: String?

    @Option(help: "Only those to this endpoint.")
    var endpoint: String?

    @Option(help: "Only those of this event.")
    var event: String?

    @Option(help: "Only those about this response.")
    var responseID: String?

    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = [(name: "status", value: status), ("endpoint", endpoint), ("event", event), ("response_id", responseID)] + page.query
        try await Listing.show("/v1/deliveries", query: query, of: DeliveryObject.self, server: server, output: output) { deliveries in
            guard !deliveries.isEmpty else { return "No deliveries." }
            return "\(DeliveryText.table(deliveries))\n\nIts attempts: ringback deliveries show DELIVERY"
        }
    }
}

struct DeliveriesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one delivery with its attempts.")

    @Argument(help: "The delivery's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(APIClient.path("/v1/deliveries", id))
            let text =
                output.json
                ? String(decoding: bytes, as: UTF8.self) : DeliveryText.full(try APIClient.decode(DeliveryObject.self, from: bytes))
            Terminal.print(text)
        }
    }
}

struct DeliveriesRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Makes a delivery due now.")

    @Argument(help: "The delivery's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try DeliveryText.report(try await client.post(APIClient.path("/v1/deliveries", id, "retry")), output: output)
        }
    }
}

struct DeliveriesAbandonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "abandon", abstract: "Gives a delivery up for good.")

    @Argument(help: "The delivery's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try DeliveryText.report(try await client.delete(APIClient.path("/v1/deliveries", id)), output: output)
        }
    }
}
