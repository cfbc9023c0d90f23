import ArgumentParser
import Logging
import NIOCore
import RingbackService
import ServiceLifecycle
import UnixSignals

/// A logger for commands whose own output is what people read: only warnings and errors reach standard error.
func quietLogger(_ label: String) -> Logger {
    let level = LogLevelSwitch(.error)
    return Logger(label: label) { LineLogHandler(label: $0, format: .text, logLevel: level) }
}

/// Runs services until SIGINT or SIGTERM, then lets them finish.
///
/// - Throws: `CommandFailure` when the address cannot be listened on.
func serveUntilSignal(_ services: [any Service], address: String) async throws {
    var configuration = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger("services"))
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    do {
        try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
        throw CommandFailure("cannot listen on \(address): \(error.description); is it in use? Choose another address with --listen")
    }
}
