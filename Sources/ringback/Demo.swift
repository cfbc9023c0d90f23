import Curl
import Foundation
import Logging
import RawJSON
import RingbackCore
import RingbackService
import Sandbox
import ServiceLifecycle
import Settings
import Transport
import UnixSignals
import WebhookSignature

/// The whole of Ringback on one machine: a vendor, the bridge, an application, and four responses on their way.
struct Demo: Sendable {
    /// `--once` gives up after this long.
    static let deadline: Duration = .seconds(60)
    static let upstreamName = UpstreamName(trusted: "vendor")

    let directory: URL
    let listen: ListenOption
    let once: Bool
    private let time = SystemTime()

    init(directory: URL, listen: ListenOption, once: Bool) {
        self.directory = directory
        self.listen = listen
        self.once = once
    }

    private var inbox: URL { directory.appending(path: "inbox") }

    /// - Throws: ``CommandFailure`` with what did not arrive, when `once` is set.
    func run() async throws {
        let secret = SigningKey.generate()
        let alarm = Alarm(time: time)
        let board = DemoBoard(time: time, alarm: alarm)
        let receiver = Receiver(keys: [try VerifyingKey(validating: secret)]) { callback in
            let body = try? JSON(parsing: callback.body)
            await board.callback(
                callback, type: body?["type"]?.string ?? "unreadable", response: body?["data"]?["id"]?.string ?? "unknown")
            return 204
        }
        let (ports, announce) = AsyncStream<(part: Part, port: Int)>.makeStream()
        let logger = quietLogger("demo")
        let vendor = LocalServer(router: SandboxRoutes(upstream: SandboxUpstream()).router(), name: "vendor", logger: logger) {
            announce.yield((.vendor, $0))
        }
        let application = LocalServer(router: receiver.router(), name: "application", logger: logger) { announce.yield((.application, $0)) }
        let story = DemoStory(demo: self, board: board, alarm: alarm, ports: ports, announce: announce, secret: secret)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: vendor), .init(service: application),
                .init(service: story, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: [.sigint, .sigterm], logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as NodeError {
            throw CommandFailure(error.description)
        }
    }

    enum Part: Sendable, Hashable {
        case vendor
        case application
        case bridge
    }

    /// The bridge's settings, as a configuration file would give them.
    func settings(vendorPort: Int, applicationPort: Int, secret: Secret) throws -> Settings {
        let yaml = """
            listen: \(listen.host):\(listen.port)
            store: sqlite:\(directory.path)/ringback.db
            upstreams:
              - { name: \(Self.upstreamName), base_url: "http://127.0.0.1:\(vendorPort)/v1" }
            endpoints:
              - { name: application, url: "http://127.0.0.1:\(applicationPort)/hooks/ringback", secret: "\(secret.reveal())" }
              - { name: scripts, inbox: "\(inbox.path)" }
            """
        return try Settings.load(yaml: yaml, file: "demo", environment: [:], readFile: { try UnreadableFile.read($0) })
    }

    /// The names of the files that have landed.
    func landedFiles() -> [String] {
        // Before the bridge has made the inbox there is nothing in it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: inbox.appending(path: "new").path)) ?? []
        return names.sorted()
    }
}
