import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct TriggerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Sends an endpoint a signed sample of an event.",
        discussion: """
            The sample goes the way every delivery goes, once, and is not
            recorded. It is about a response that never existed: its id begins
            with resp_sample_.
            Exits 0 when the endpoint took it, 1 when not.

            Try it:
              ringback listen --secret "$SECRET" &
              ringback trigger response.failed --endpoint my-app
            """
    )

    @Argument(help: ArgumentHelp("The event, such as response.completed or watch.lost.", valueName: "type"))
    var type: String

    @Option(help: "The endpoint that gets it.")
    var endpoint: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await EndpointTrial.run(endpoint, type: type, server: server, output: output)
    }
}

/// Sends an endpoint an event about nothing and shows the attempt.
enum EndpointTrial {
    static func run(_ endpoint: String, type: String?, server: ServerOptions, output: OutputOptions) async throws {
        try await APIClient.with(server) { client in
            let body = type.map { JSON.object([JSON.Member("type", .string($0))]).bytes } ?? []
            let bytes = try await client.post(APIClient.path("/v1/endpoints", endpoint, "test"), body: body)
            let attempt = try APIClient.decode(AttemptObject.self, from: bytes)
            Terminal.print(output.json ? String(decoding: bytes, as: UTF8.self) : AttemptText.full(attempt))
            if attempt.outcome == .failed { throw CommandFailure("the endpoint '\(Printable.text(endpoint))' did not take the event") }
        }
    }
}
