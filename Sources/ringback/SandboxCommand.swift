import ArgumentParser
import Logging
import RingbackCore
import RingbackService
import Sandbox
import ServiceLifecycle

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "A scriptable Responses API for tests and demos.",
        discussion: """
            What a response does is scripted by its request's metadata:
              sandbox.outcome            completed (default), failed, incomplete or cancelled
              sandbox.duration           from creation to the end, such as 500ms, 3s or 2m (1s)
              sandbox.delta_interval     time between two text deltas
              sandbox.output_bytes       length of the output text (200)
              sandbox.drop_stream_after  cut each stream after so many events
              sandbox.refuse_stream      true or 400 (refuse), json (answer JSON) or empty (answer nothing)
              sandbox.forget_after       after so long the response is unknown: 404
              sandbox.stall              be silent for so long after the first delta; true: for ever
              sandbox.rate_limit         answer so many retrievals with 429 first

            Try it:
              ringback sandbox &
              curl -s http://127.0.0.1:8788/v1/responses -H 'Content-Type: application/json' \\
                -d '{"model":"demo","input":"hi","background":true,"metadata":{"sandbox.duration":"3s"}}'
            """
    )

    @Option(help: "Address to listen on.")
    var listen = ListenOption(host: "127.0.0.1", port: 8788)

    @Option(help: "Whose dialect to speak: \(Dialect.all.map(\.name).joined(separator: ", ")).")
    var vendor = "mka1"

    @Option(help: "Ask every call for this bearer token.")
    var apiKey: String?

    @Flag(help: "Let two creates with the same Idempotency-Key make one response.")
    var idempotentCreates = false

    func validate() throws {
        guard Dialect.named(vendor) != nil else {
            throw ValidationError("there is no vendor '\(vendor)'; write one of \(Dialect.all.map(\.name).joined(separator: ", "))")
        }
    }

    func run() async throws {
        guard var dialect = Dialect.named(vendor) else { throw ExitCode(2) }
        dialect.honoursIdempotencyKeys = dialect.honoursIdempotencyKeys || idempotentCreates
        let routes = SandboxRoutes(upstream: SandboxUpstream(dialect: dialect), apiKey: apiKey.map(Secret.init))
        let host = listen.host
        let name = dialect.name
        let server = LocalServer(
            router: routes.router(), host: host, port: listen.port, name: "ringback-sandbox", logger: quietLogger("sandbox")
        ) { port in
            print("The sandbox (\(name)) listens on http://\(host):\(port)/v1. Press Ctrl-C to stop.")
        }
        try await serveUntilSignal([server], address: "\(host):\(listen.port)")
    }
}
