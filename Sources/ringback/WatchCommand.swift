import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Registers a watch for a background response.",
        discussion: """
            With --wait the command blocks to the end and prints the output text.

            Try it:
              ringback watch resp_123 --wait --timeout 10m
            """
    )

    @Argument(help: "The response's id, as the create call answered it.")
    var responseID: String

    @Option(help: "The upstream it runs at; the configuration's first one if left out.")
    var upstream: String?

    @Option(name: .customLong("endpoint"), help: "An endpoint to notify; repeat it for more. All whose filters match if left out.")
    var endpoints: [String] = []

    @Option(help: ArgumentHelp("A URL to call back beside the endpoints.", valueName: "url"))
    var callback: String?

    @Option(help: "The whsec_ secret that signs the callback.")
    var callbackSecret: String?

    @Option(help: ArgumentHelp("Metadata to keep with the watch; repeat it for more.", valueName: "key=value"))
    var metadata: [String] = []

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        do {
            _ = try ResponseID(validating: responseID)
        } catch {
            throw ValidationError("\(error)")
        }
        if callbackSecret != nil, callback == nil { throw ValidationError("--callback-secret signs a callback: give --callback too") }
        for pair in metadata where !pair.contains("=") { throw ValidationError("--metadata takes key=value, not '\(pair)'") }
    }

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.post("/v1/watches", body: request.bytes)
            let watch = try APIClient.decode(WatchObject.self, from: bytes)
            if waiting.wait {
                try await waiting.waiting(for: watch.id, client: client, asJSON: output.json).run()
            } else if output.json {
                Terminal.print(bytes: bytes)
            } else {
                Terminal.print(
                    """
                    Watching \(watch.responseID) at \(watch.upstream): \(watch.status.rawValue)
                    Look:    ringback watches show \(watch.id)
                    """
                )
            }
        }
    }

    private var request: JSON {
        var members: [JSON.Member] = [.init("response_id", .string(responseID))]
        if let upstream { members.append(.init("upstream", .string(upstream))) }
        if !endpoints.isEmpty { members.append(.init("endpoints", .array(endpoints.map { .string($0) }))) }
        if let callback {
            let secret = callbackSecret.map { [JSON.Member("secret", .string($0))] } ?? []
            members.append(.init("callback", .object([.init("url", .string(callback))] + secret)))
        }
        if !metadata.isEmpty {
            let pairs = metadata.map { pair -> JSON.Member in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return JSON.Member(String(parts[0]), .string(String(parts[1])))
            }
            members.append(.init("metadata", .object(pairs)))
        }
        return .object(members)
    }
}

/// `--wait` and `--timeout`.
struct WaitOptions: ParsableArguments {
    @Flag(help: "Block until the response ends and print its output text; with --json the response.")
    var wait = false

    @Option(help: "With --wait: give up after so long, such as 30s or 10m, and exit with 124.")
    var timeout: DurationOption?

    func validate() throws {
        if timeout != nil, !wait { throw ValidationError("--timeout bounds the wait: give --wait too") }
    }

    func waiting(for watch: WatchID, client: APIClient, asJSON: Bool) -> Waiting {
        Waiting(client: client, watch: watch, asJSON: asJSON, timeout: timeout?.duration, time: SystemTime())
    }
}

/// A duration on the command line: `500ms`, `15s`, `5m`, `2h`, `3d`.
struct DurationOption: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = Duration(text: argument) else { return nil }
        self.duration = duration
    }
}
