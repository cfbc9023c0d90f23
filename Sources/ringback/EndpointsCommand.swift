import ArgumentParser
import Control
import RingbackCore

struct EndpointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoints", abstract: "Manages where notifications go.",
        subcommands: [
            EndpointsListCommand.self, EndpointsShowCommand.self, EndpointsAddCommand.self, EndpointsRemoveCommand.self,
            EndpointsTestCommand.self, EndpointsEnableCommand.self, EndpointsDisableCommand.self, EndpointsReplayCommand.self,
            EndpointsRotateSecretCommand.self, EndpointsPublicKeyCommand.self,
        ],
        defaultSubcommand: EndpointsListCommand.self
    )
}

struct EndpointsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists endpoints by name.")

    @OptionGroup var page: PageOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show("/v1/endpoints", query: page.query, of: EndpointObject.self, server: server, output: output) { endpoints in
            guard !endpoints.isEmpty else { return "No endpoints. Add one: ringback endpoints add NAME --url URL" }
            var table = Table("ENDPOINT", "KIND", "TARGET", "EVENTS", "FROM", "STATE")
            for endpoint in endpoints {
                table.add(
                    endpoint.name.rawValue, endpoint.kind.rawValue,
                    endpoint.url ?? endpoint.inbox ?? endpoint.preset ?? endpoint.command ?? "-",
                    endpoint.events.joined(separator: ","), endpoint.origin, EndpointText.state(endpoint)
                )
            }
            return "\(table.text())\n\nTry one: ringback endpoints test ENDPOINT"
        }
    }
}

struct EndpointsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one endpoint.")

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try EndpointText.report(try await client.get(APIClient.path("/v1/endpoints", name)), output: output)
        }
    }
}

struct EndpointsRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes an endpoint that was added by the API.",
        discussion: "Its waiting deliveries become dead letters with the reason endpoint_removed."
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            _ = try await client.delete(APIClient.path("/v1/endpoints", name))
            Terminal.print("Removed \(Printable.text(name)).")
        }
    }
}

struct EndpointsTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Sends a signed ringback.test event and shows the attempt, phase by phase.",
        discussion: "Exits 0 when the endpoint took it, 1 when not. Other events: ringback trigger."
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await EndpointTrial.run(name, type: nil, server: server, output: output)
    }
}

struct EndpointsEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Lets deliveries go to an endpoint again.",
        discussion: "Closes its circuit breaker too, and forgets its failures."
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try EndpointText.report(try await client.post(APIClient.path("/v1/endpoints", name, "enable")), output: output)
        }
    }
}

struct EndpointsDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Keeps deliveries from an endpoint.",
        discussion: "Its deliveries wait in the store until it is enabled again."
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            try EndpointText.report(try await client.post(APIClient.path("/v1/endpoints", name, "disable")), output: output)
        }
    }
}

/// Endpoints as people read them.
enum EndpointText {
    static func state(_ endpoint: EndpointObject) -> String {
        if endpoint.enabled { return breaker(endpoint.breaker) ?? "enabled" }
        return endpoint.disabledReason.map { "disabled: \($0)" } ?? "disabled"
    }

    /// - Returns: `nil` while it is closed.
    private static func breaker(_ breaker: BreakerObject) -> String? {
        let since = breaker.since.map { " since \($0)" } ?? ""
        switch breaker.state {
        case .closed: return nil
        case .open: return "open\(since), next probe \(breaker.nextProbeAt.map { "\($0)" } ?? "soon")"
        case .halfOpen: return "half-open\(since), probing with the next delivery"
        }
    }

    private static func failures(_ breaker: BreakerObject) -> String? {
        guard let rate = breaker.failureRate else { return nil }
        let since = breaker.failingSince.map { "; nothing else since \($0)" } ?? ""
        return "\(Int((rate * 100).rounded())) % of \(breaker.attempts) attempts within 5 minutes\(since)"
    }

    /// `v1, v1 until 2026-12-01T00:00:00.000Z`
    private static func signers(_ endpoint: EndpointObject) -> String {
        guard !endpoint.signers.isEmpty else { return "no" }
        return endpoint.signers.map { signer in
            signer.scheme.rawValue + (signer.expiresAt.map { " until \($0)" } ?? "")
        }.joined(separator: ", ")
    }

    static func report(_ bytes: [UInt8], output: OutputOptions) throws {
        if output.json {
            Terminal.print(bytes: bytes)
            return
        }
        let endpoint = try APIClient.decode(EndpointObject.self, from: bytes)
        var fields = FieldList()
        fields.add("endpoint", endpoint.name.rawValue)
        fields.add("kind", endpoint.kind.rawValue)
        fields.add("url", endpoint.url)
        fields.add("inbox", endpoint.inbox)
        fields.add("preset", endpoint.preset)
        for (name, value) in (endpoint.with ?? [:]).sorted(by: { $0.key < $1.key }) { fields.add("with \(name)", value) }
        fields.add("command", endpoint.command)
        fields.add("max files", endpoint.maxFiles.map { "\($0)" })
        fields.add("from", endpoint.origin)
        fields.add("state", state(endpoint))
        fields.add("events", endpoint.events.joined(separator: ", "))
        fields.add("match.upstream", endpoint.match.upstream?.rawValue)
        fields.add("match.model", endpoint.match.model)
        fields.add("match.status", endpoint.match.status.isEmpty ? nil : endpoint.match.status.map(\.rawValue).joined(separator: ", "))
        for (key, value) in endpoint.match.metadata.sorted(by: { $0.key < $1.key }) { fields.add("match.metadata.\(key)", value) }
        fields.add("payload", endpoint.payload?.rawValue)
        fields.add("headers", endpoint.headerNames.joined(separator: ", "))
        fields.add("signed", endpoint.kind == .webhook ? signers(endpoint) : nil)
        fields.add("timeout", "\(endpoint.timeout), \(endpoint.connectTimeout) to connect")
        fields.add("retries", "\(endpoint.retry.schedule.joined(separator: ", ")) (jitter \(endpoint.retry.jitter))")
        fields.add("at once", "\(endpoint.maxInFlight)")
        fields.add("at most", endpoint.rateLimit)
        fields.add("digest", endpoint.digest.map { "one message for all within \($0.window), at most \($0.max)" })
        fields.add("failures", failures(endpoint.breaker))
        Terminal.print(fields.text())
        if let secret = endpoint.secret {
            Terminal.print("\nIts signing secret, shown this once: \(secret)")
        }
    }
}
