import ArgumentParser
import Foundation
import Presets
import Settings

struct PresetsCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a preset of your own.",
        discussion: "Exits 0 when it is in order, 2 with all problems on standard error when not.")

    @Argument(help: "The preset's file.")
    var file: String

    func run() async throws {
        do {
            let yaml = try UnreadableFile.read(file)
            let name = URL(filePath: file).deletingPathExtension().lastPathComponent
            let preset = try Preset.read(yaml, name: name, file: file)
            Terminal.print("\(file) is in order: the preset \(preset.name), \(preset.title).")
        } catch let error as UnreadableFile {
            throw CommandFailure("'\(file)' cannot be read: \(error)", exitCode: ExitReport.usage)
        } catch let error as SettingsErrors {
            Terminal.note("\(error)")
            throw CommandFailure("\(file) is not in order", exitCode: ExitReport.usage)
        }
    }
}
