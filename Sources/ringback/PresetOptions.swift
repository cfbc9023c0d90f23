import ArgumentParser
import Foundation
import Presets
import Settings

/// Where presets come from, for commands that look at them without a server.
struct PresetOptions: ParsableArguments {
    @Option(help: "A directory with presets of your own, as presets_dir in the configuration.")
    var presetsDir: String?

    func library() throws(CommandFailure) -> PresetLibrary {
        do {
            return try PresetLibrary.load(
                directory: presetsDir, listFiles: { try FileManager.default.contentsOfDirectory(atPath: $0) },
                readFile: { try UnreadableFile.read($0) })
        } catch {
            Terminal.note("\(error)")
            throw CommandFailure("the presets cannot be read", exitCode: ExitReport.usage)
        }
    }

    func preset(_ name: String) throws(CommandFailure) -> Preset {
        let library = try library()
        if let preset = library[name] { return preset }
        throw CommandFailure("there is no preset '\(name)': there are \(library.names.joined(separator: ", "))", exitCode: ExitReport.usage)
    }
}
