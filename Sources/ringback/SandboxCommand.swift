import ArgumentParser
import Curl
import Logging
import RingbackCore
import RingbackService
import Sandbox
import ServiceLifecycle
import Transport

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "A scriptable Responses API for tests and demos, in the dialect of a vendor.",
        discussion: """
            What a response does is scripted by its request's metadata:
            \(scriptKeys)

            Try it:
              ringback sandbox --vendor openai --time-scale 60 &
              curl -s http://127.0.0.1:8788/v1/responses -H 'Content-Type: application/json' \\
                -d '{"model":"demo","input":"hi","background":true,"metadata":{"sandbox.duration":"3s"}}'
            """
    )

    @Option(help: "Address to listen on.")
    var listen = ListenOption(host: "127.0.0.1", port: 8788)

    @Option(help: "Whose dialect to speak: \(Dialect.all.map(\.name).joined(separator: ", ")).")
    var vendor = "mka1"

    @Flag(help: "Say what is special about each vendor, and exit.")
    var listVendors = false

    @Option(help: "Let the vendor's own times (retention, stream windows, keep-alives, limits) pass so many times as fast.")
    var timeScale = 1.0

    @Option(help: "Ask every call for this bearer token.")
    var apiKey: String?

    @Flag(help: "Let two creates with the same Idempotency-Key make one response.")
    var idempotentCreates = false

    @Flag(help: "Ask every call for the query parameter api-version, as Azure does.")
    var requireApiVersion = false

    func validate() throws {
        guard Dialect.named(vendor) != nil else {
            throw ValidationError("there is no vendor '\(vendor)'; write one of \(Dialect.all.map(\.name).joined(separator: ", "))")
        }
        guard (0.001...1_000_000).contains(timeScale) else {
            throw ValidationError("--time-scale is \(timeScale); write a number from 0.001 to 1000000, such as 60")
        }
    }

    func run() async throws {
        if listVendors { return print(Self.vendors) }
        guard let usual = Dialect.named(vendor) else { throw ExitCode(2) }
        var dialect = usual.scaled(by: timeScale)
        dialect.honoursIdempotencyKeys = idempotentCreates
        dialect.requiresAPIVersion = requireApiVersion
        let upstream = SandboxUpstream(dialect: dialect)
        let transport = try CurlTransport(options: CurlTransportOptions(name: "sandbox"), logger: quietLogger("sandbox"))
        let webhooks = NativeWebhooks(upstream: upstream, transport: transport)
        let routes = SandboxRoutes(upstream: upstream, apiKey: apiKey.map(Secret.init), webhooks: webhooks)
        let host = listen.host
        let server = LocalServer(
            router: routes.router(), host: host, port: listen.port, name: "ringback-sandbox", logger: quietLogger("sandbox")
        ) { port in
            print("The sandbox (\(usual.name)) listens on http://\(host):\(port)/v1. Press Ctrl-C to stop.")
        }
        do {
            try await serveUntilSignal([server, webhooks], address: "\(host):\(listen.port)")
        } catch {
            await transport.shutdown()
            throw error
        }
        await transport.shutdown()
    }

    private static var vendors: String {
        Dialect.all.map { $0.name.padding(15) + $0.summary }.joined(separator: "\n")
    }

    private static var scriptKeys: String {
        Script.keys.map { "  " + (Script.prefix + $0.key).padding(30) + $0.meaning }.joined(separator: "\n")
    }
}

extension String {
    /// At least one space follows.
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
