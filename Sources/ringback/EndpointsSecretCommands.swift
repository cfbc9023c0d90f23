import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct EndpointsRotateSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-secret",
        abstract: "Gives an endpoint a new signing secret.",
        discussion: """
            The old secret signs beside the new one for a while, so that the receiver can be changed without losing a callback.
            Without a secret Ringback makes one and shows it this once.

            Try it:
              ringback endpoints rotate-secret my-app --overlap 24h
            """
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @Option(help: "For how long the old secret goes on signing, such as 24h; 0s ends it at once (24h).")
    var overlap: String?

    @Option(help: "The new secret. Better: set RINGBACK_WEBHOOK_SECRET, which process lists do not show.")
    var secret: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var members: [JSON.Member] = []
        if let overlap { members.append(.init("overlap", .string(overlap))) }
        if let secret = secret ?? environmentVariable("RINGBACK_WEBHOOK_SECRET") { members.append(.init("secret", .string(secret))) }
        let body = JSON.object(members).bytes
        try await APIClient.with(server) { client in
            try EndpointText.report(
                try await client.post(APIClient.path("/v1/endpoints", name, "rotate-secret"), body: body), output: output)
        }
    }
}

struct EndpointsPublicKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public-key",
        abstract: "Shows the public keys that check an endpoint's v1a signatures.",
        discussion: "One key a line, the newest first. Check a callback with one: ringback verify --secret whpk_…"
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(APIClient.path("/v1/endpoints", name, "public-key"))
            guard !output.json else { return Terminal.print(bytes: bytes) }
            let keys = try APIClient.decode(PublicKeysObject.self, from: bytes).keys
            Terminal.print(keys.map(\.publicKey).joined(separator: "\n"))
        }
    }
}
