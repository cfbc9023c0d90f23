import Foundation
import Settings

/// The configuration a command works with, and where it came from, by the rules of contract section 3.
struct ConfiguredSettings {
    let settings: Settings
    /// `nil` when there is no file and the environment sufficed.
    let path: String?

    /// - Parameter file: The file that was asked for; `nil` looks in the usual places.
    /// - Throws: ``CommandFailure`` after every problem was shown at its place.
    init(file: String?) throws(CommandFailure) {
        let environment = ProcessInfo.processInfo.environment
        path = Settings.locate(configFlag: file) { FileManager.default.fileExists(atPath: $0) }
        do {
            settings = try Self.read(path: path, environment: environment)
        } catch {
            Terminal.note("\(error)")
            let count = error.problems.count + error.omitted
            let name = path ?? "the environment"
            throw CommandFailure("\(name): \(count == 1 ? "1 problem" : "\(count) problems")", exitCode: ExitReport.usage)
        }
    }

    /// Reads the same file, or the same environment, once more.
    var readAgain: @Sendable () async throws(SettingsErrors) -> Settings {
        { [path] () async throws(SettingsErrors) in
            try Self.read(path: path, environment: ProcessInfo.processInfo.environment)
        }
    }

    private static func read(path: String?, environment: [String: String]) throws(SettingsErrors) -> Settings {
        guard let path else { return try Settings.fromEnvironment(environment) { try UnreadableFile.read($0) } }
        return try Settings.load(path: path, environment: environment) { try UnreadableFile.read($0) }
    }
}
