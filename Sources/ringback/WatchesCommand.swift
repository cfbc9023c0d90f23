import ArgumentParser
import Control
import RingbackCore

struct WatchesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watches", abstract: "Looks at watches.", subcommands: [WatchesListCommand.self, WatchesShowCommand.self],
        defaultSubcommand: WatchesListCommand.self
    )
}

struct WatchesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists watches, newest first.")

    @Option(help: "Only these: queued, in_progress, completed, failed, incomplete, cancelled, lost, expired or stopped.")
    var status: String?

    @Option(help: "Only those at this upstream.")
    var upstream: String?

    @Option(help: "Only those of this response.")
    var responseID: String?

    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let query = [(name: "status", value: status), ("upstream", upstream), ("response_id", responseID)] + page.query
        try await Listing.show("/v1/watches", query: query, of: WatchObject.self, server: server, output: output) { watches in
            guard !watches.isEmpty else { return "No watches. Register one: ringback watch RESPONSE_ID" }
            let now = SystemTime().wallNow
            var table = Table("WATCH", "UPSTREAM", "RESPONSE", "STATUS", "FOLLOWING", "CREATED")
            for watch in watches {
                table.add(
                    watch.id.rawValue, watch.upstream.rawValue, watch.responseID.rawValue, watch.status.rawValue, watch.following.rawValue,
                    ShortTime.text(watch.createdAt.timestamp, now: now)
                )
            }
            return "\(table.text())\n\nOne in full: ringback watches show WATCH"
        }
    }
}

struct WatchesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one watch.")

    @Argument(help: "The watch's id, or the response's.")
    var id: String

    @Flag(help: "Print the final response object, byte for byte, instead of the watch.")
    var response = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let id = try await watchID(client)
            if response {
                Terminal.print(bytes: try await client.get(APIClient.path("/v1/watches", id, "response")))
                return
            }
            let bytes = try await client.get(APIClient.path("/v1/watches", id))
            Terminal.print(
                output.json ? String(decoding: bytes, as: UTF8.self) : Self.text(try APIClient.decode(WatchObject.self, from: bytes)))
        }
    }

    private func watchID(_ client: APIClient) async throws -> String {
        if id.hasPrefix("watch_") { return id }
        guard let watch = try await Lookup.watch(response: id, upstream: nil, client: client) else {
            throw CommandFailure("no watch of the response '\(Printable.text(id))': register one with ringback watch")
        }
        return watch.id.rawValue
    }

    private static func text(_ watch: WatchObject) -> String {
        var fields = FieldList()
        fields.add("watch", watch.id.rawValue)
        fields.add("response", watch.responseID.rawValue)
        fields.add("upstream", watch.upstream.rawValue)
        fields.add("status", watch.status.rawValue)
        fields.add("following", watch.following.rawValue)
        fields.add("sequence number", watch.sequenceNumber.map { "\($0)" })
        fields.add("created", "\(watch.createdAt)")
        fields.add("updated", "\(watch.updatedAt)")
        fields.add("ended", watch.terminalAt?.description)
        fields.add(
            "endpoints", watch.endpoints.isEmpty ? "all whose filters match" : watch.endpoints.map(\.rawValue).joined(separator: ", "))
        fields.add("callback", watch.callback.map { "\($0.url) (\($0.payload.rawValue), \($0.signed ? "signed" : "unsigned"))" })
        fields.add("model", watch.model)
        for (key, value) in watch.metadata.sorted(by: { $0.key < $1.key }) { fields.add("metadata.\(key)", value) }
        fields.add("last error", watch.lastError)
        let hint =
            watch.status.isOpen
            ? "Wait for it: ringback watch \(watch.responseID) --wait"
            : "Its deliveries: ringback deliveries list --response-id \(watch.responseID)"
        return "\(fields.text())\n\n\(Printable.text(hint))"
    }
}
