import ArgumentParser
import Control
import RawJSON
import ResponsesAPI
import RingbackCore
import Transport

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Creates a background response through the bridge and watches it.",
        discussion: """
            Reads the create call's JSON from standard input; "background": true is added if it is missing.

            Try it:
              echo '{"model":"demo","input":"hi"}' | ringback create --wait
            """
    )

    /// The proxy's own bound (contract, section 5).
    private static let maximumRequestBytes = 32 * 1024 * 1024

    @Option(help: "The upstream to create it at; the configuration's first one if left out.")
    var upstream: String?

    @Option(name: .customLong("endpoint"), help: "An endpoint to notify; repeat it for more. All whose filters match if left out.")
    var endpoints: [String] = []

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let request = try Self.backgroundRequest(try Terminal.readInput(limit: Self.maximumRequestBytes))
        try await APIClient.with(server) { client in
            let base = upstream.map { APIClient.path("/upstreams", $0) } ?? ""
            let headers = endpoints.isEmpty ? [] : [(name: "Ringback-Endpoints", value: endpoints.joined(separator: ", "))]
            let answer = try await client.send(.post, "\(base)/v1/responses", headers: headers, body: request)
            guard let watch = answer.head["ringback-watch"].map({ WatchID(trusted: $0) }) else {
                throw CommandFailure("the server did not say how it watches the response: is it a Ringback?")
            }
            if waiting.wait {
                try await waiting.waiting(for: watch, client: client, asJSON: output.json).run()
            } else if output.json {
                Terminal.print(bytes: answer.body)
            } else {
                let response = ResponseObject(json: answer.body)
                Terminal.print(
                    """
                    Created \(Printable.text(response?.id ?? "a response")): \(Printable.text(response?.status ?? "queued"))
                    Look:   ringback watches show \(Printable.text(watch.rawValue))
                    """
                )
            }
        }
    }

    /// The request with `background: true`. When that is there already, the bytes go on as they are.
    private static func backgroundRequest(_ input: [UInt8]) throws -> [UInt8] {
        let json: JSON
        do {
            json = try JSON(parsing: input)
        } catch {
            throw CommandFailure("standard input has to be the JSON of a create call: \(error)", exitCode: ExitReport.usage)
        }
        guard let members = json.members else {
            throw CommandFailure("standard input has to be the JSON object of a create call", exitCode: ExitReport.usage)
        }
        switch json["background"] {
        case .bool(true):
            return input
        case nil, .null:
            return JSON.object(members.filter { $0.key != "background" } + [.init("background", .bool(true))]).bytes
        default:
            throw CommandFailure(
                "only background responses can be watched: write \"background\": true, or leave it out", exitCode: ExitReport.usage)
        }
    }
}
