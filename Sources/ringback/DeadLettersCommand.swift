import ArgumentParser
import Control
import RingbackCore

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Looks at deliveries that were given up, redrives or discards them.",
        subcommands: [
            DeadLettersListCommand.self, DeadLettersShowCommand.self, DeadLettersRedriveCommand.self, DeadLettersDiscardCommand.self,
        ],
        defaultSubcommand: DeadLettersListCommand.self
    )
}

/// Which dead letters: the same for the list and for the redrive.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only those to this endpoint.")
    var endpoint: String?

    @Option(help: "Only these: exhausted, rejected, refused, gone, endpoint_removed, unrenderable or ambiguous.")
    var reason: String?

    @Option(help: "Only those that died at this time or later: a time of RFC 3339, or how long ago, such as 2h.")
    var since: TimeOption?

    @Option(help: "Only those that died before this time: a time of RFC 3339, or how long ago, such as 2h.")
    var until: TimeOption?
}

struct DeadLettersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists dead letters, newest first.")

    @OptionGroup var which: DeadLetterOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let now = SystemTime().wallNow
        let query =
            [
                (name: "endpoint", value: which.endpoint), ("reason", which.reason), ("since", which.since?.time(now: now).rfc3339),
                ("until", which.until?.time(now: now).rfc3339),
            ] + page.query
        try await Listing.show("/v1/dead-letters", query: query, of: DeliveryObject.self, server: server, output: output) { letters in
            guard !letters.isEmpty else { return "No dead letters." }
            return
                "\(DeliveryText.table(letters))\n\nWhy: ringback dead-letters show DELIVERY. Again: ringback dead-letters redrive [DELIVERY]..."
        }
    }
}

struct DeadLettersShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one dead letter with its attempts.")

    @Argument(help: "The delivery's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(APIClient.path("/v1/dead-letters", id))
            let text =
                output.json
                ? String(decoding: bytes, as: UTF8.self) : DeliveryText.full(try APIClient.decode(DeliveryObject.self, from: bytes))
            Terminal.print(text)
        }
    }
}

struct DeadLettersDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "discard", abstract: "Gives a dead letter up for good.")

    @Argument(help: "The delivery's id.")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try DeliveryText.report(try await client.delete(APIClient.path("/v1/dead-letters", id)), output: output)
        }
    }
}

/// A time on the command line: RFC 3339, or how long ago.
struct TimeOption: ExpressibleByArgument {
    private enum Form {
        case at(Timestamp)
        case ago(Duration)
    }

    private let form: Form

    init?(argument: String) {
        if let time = Timestamp(rfc3339: argument) {
            form = .at(time)
        } else if let duration = Duration(text: argument) {
            form = .ago(duration)
        } else {
            return nil
        }
    }

    func time(now: Timestamp) -> Timestamp {
        switch form {
        case .at(let time): time
        case .ago(let duration): now - duration
        }
    }
}
