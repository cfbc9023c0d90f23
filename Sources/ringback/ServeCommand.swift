import ArgumentParser
import Foundation
import Logging
import RingbackService
import ServiceLifecycle
import Settings
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "The bridge: follows, delivers, and serves the API.",
        discussion: """
            Without --config it reads ./ringback.yaml, else /etc/ringback/ringback.yaml. With no file at all the environment suffices:
            RINGBACK_UPSTREAM_BASE_URL, RINGBACK_UPSTREAM_API_KEY, RINGBACK_WEBHOOK_URL, RINGBACK_WEBHOOK_SECRET, RINGBACK_INBOX,
            RINGBACK_LISTEN, RINGBACK_STORE, RINGBACK_API_TOKEN.

            SIGHUP reads the configuration again; one with a mistake changes nothing.
            SIGTERM or Ctrl-C drains: running attempts finish, everything else waits in the store for the next start.
            """
    )

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: "The least important messages to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: Settings.LogLevel?

    func run() async throws {
        let configured = try ConfiguredSettings(file: config)
        let settings = configured.settings
        let level = LogLevelSwitch(Logger.Level(logLevel ?? settings.logLevel))
        let format: LineLogHandler.Format = isatty(STDERR_FILENO) == 1 ? .text : .json
        let logger = Logger(label: "ringback") { LineLogHandler(label: $0, format: format, logLevel: level) }
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        do {
            // What was asked for on the command line stays.
            let turned = logLevel == nil ? level : nil
            let node = try await Node(settings: settings, source: configured.readAgain, logger: logger, logLevel: turned) { _ in
                if !manager.tell(.ready) { logger.warning("the service manager could not be told that Ringback is ready") }
            }
            var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
                .init(service: ReloadSignals(node: node)),
                .init(service: node, successTerminationBehavior: .gracefullyShutdownGroup),
            ]
            let process = ProcessInfo.processInfo
            if let watchdog = Watchdog(
                environment: process.environment, processID: process.processIdentifier, manager: manager, isAlive: { await node.answers() })
            {
                // First in the list is last to be shut down: it speaks until everything else is done.
                services.insert(.init(service: watchdog), at: 0)
            }
            var configuration = ServiceGroupConfiguration(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            )
            // The engines keep to the drain limit by themselves; this is the net below them.
            configuration.maximumGracefulShutdownDuration = settings.shutdownTimeout + .seconds(10)
            try await ServiceGroup(configuration: configuration).run()
            logger.info("Ringback has stopped; what is not delivered yet waits in the store")
        } catch let error as NodeError {
            throw CommandFailure(error.description)
        }
    }
}

extension Settings.LogLevel: ExpressibleByArgument {}
