import ArgumentParser
import Foundation

@main
struct Main {
    static func main() async {
        do {
            var command = try RingbackCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(ExitReport.report(error))
        }
    }
}

/// Says why a command ended, on the right stream and with the exit code the contract names (section 3).
enum ExitReport {
    /// Usage and configuration errors.
    static let usage: Int32 = 2

    /// - Returns: The exit code.
    static func report(_ error: any Error) -> Int32 {
        if let failure = error as? CommandFailure {
            if !failure.message.isEmpty { Terminal.complain(failure.message) }
            return failure.exitCode
        }
        let code = RingbackCommand.exitCode(for: error)
        let message = RingbackCommand.fullMessage(for: error)
        if code == .success {
            // Help and versions are what was asked for.
            if !message.isEmpty { Terminal.print(message) }
            return 0
        }
        let prefix = "Error: "
        if !message.isEmpty { Terminal.complain(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message) }
        return code == .validationFailure ? usage : code.rawValue
    }
}
