import ArgumentParser
import Control
import RingbackCore

struct UpstreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstreams", abstract: "Looks at upstreams: their health, their manners, and what waits for them.",
        subcommands: [UpstreamsListCommand.self, UpstreamsShowCommand.self], defaultSubcommand: UpstreamsListCommand.self
    )
}

struct UpstreamsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists upstreams; the first one is the default.")

    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show("/v1/upstreams", query: page.query, of: UpstreamObject.self, server: server, output: output) { upstreams in
            guard !upstreams.isEmpty else { return "No upstreams. Add one to the configuration, under upstreams." }
            var table = Table("UPSTREAM", "BASE URL", "HEALTH", "STREAM", "UNREQUESTED", "RESUME", "WINDOW", "STREAMS", "WAITING")
            for upstream in upstreams {
                let manners = upstream.manners
                table.add(
                    upstream.name.rawValue, upstream.baseURL, upstream.health.status.rawValue, manners.stream.value,
                    manners.streamUnrequested.value, manners.resume.value, manners.streamWindow.value, "\(upstream.streams)",
                    "\(upstream.waitingRequests)"
                )
            }
            return "\(table.text())\n\nOne in full, with the evidence: ringback upstreams show UPSTREAM"
        }
    }
}

struct UpstreamsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one upstream and what was learned about its streams.",
        discussion: "What is known can be fixed in the configuration, under upstreams[].manners."
    )

    @Argument(help: "The upstream's name; without one, the default upstream.")
    var name: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(APIClient.path("/v1/upstreams", try await upstreamName(client)))
            Terminal.print(
                output.json ? String(decoding: bytes, as: UTF8.self) : Self.text(try APIClient.decode(UpstreamObject.self, from: bytes)))
        }
    }

    private func upstreamName(_ client: APIClient) async throws -> String {
        if let name { return name }
        let bytes = try await client.get("/v1/upstreams", query: [("limit", "1")])
        guard let first = try APIClient.decode(ListObject<UpstreamObject>.self, from: bytes).data.first else {
            throw CommandFailure("no upstream is configured: add one to the configuration, under upstreams")
        }
        return first.name.rawValue
    }

    private static func text(_ upstream: UpstreamObject) -> String {
        var fields = FieldList()
        fields.add("upstream", upstream.name.rawValue + (upstream.isDefault ? " (the default)" : ""))
        fields.add("base url", upstream.baseURL)
        fields.add("follow", upstream.follow.rawValue)
        fields.add("health", upstream.health.status.rawValue)
        fields.add("last error", upstream.health.lastError)
        fields.add("stream", text(upstream.manners.stream))
        fields.add("stream unrequested", text(upstream.manners.streamUnrequested))
        fields.add("resume", text(upstream.manners.resume))
        fields.add("stream window", text(upstream.manners.streamWindow))
        fields.add("streams", "\(upstream.streams) of \(upstream.maximumStreams)")
        fields.add("retrievals", "\(upstream.retrievals) under way")
        fields.add("waiting", waiting(upstream))
        fields.add("rate", rate(upstream))
        return fields.text()
    }

    private static func text(_ manner: UpstreamObject.MannerObject) -> String {
        if manner.fixed { return "\(manner.value) (the configuration says so)" }
        let since = manner.since.map { " since \($0)" } ?? ""
        return manner.value + since + (manner.evidence.map { ": \($0)" } ?? "")
    }

    private static func waiting(_ upstream: UpstreamObject) -> String {
        guard upstream.waitingRequests > 0 else { return "0 requests" }
        return "\(upstream.waitingRequests) requests, the longest for \(upstream.longestWaitMilliseconds) ms"
    }

    private static func rate(_ upstream: UpstreamObject) -> String {
        var text = "\(upstream.requestsPerSecond) requests per second"
        if upstream.presentRequestsPerSecond < upstream.requestsPerSecond {
            text += ", at the moment \(upstream.presentRequestsPerSecond) after a 429"
        }
        return text + (upstream.heldUntil.map { "; nothing before \($0)" } ?? "")
    }
}
