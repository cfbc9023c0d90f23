import ArgumentParser
import Foundation
import RingbackCore

/// For whoever makes packages.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Writes the manual pages into a directory.",
        shouldDisplay: false
    )

    @Argument(help: "The directory; it is made when it is missing.")
    var directory: String

    @Option(help: "The day the pages carry, as YYYY-MM-DD; today if left out.")
    var date: String?

    func run() throws {
        let dump = try JSONDecoder().decode(CommandDescription.Dump.self, from: Data(RingbackCommand._dumpHelp().utf8))
        let command = dump.command
        let date = date ?? String(SystemTime().wallNow.rfc3339.prefix(10))
        let names = [command.commandName] + command.shownCommands.map { "\(command.commandName)-\($0.commandName)" }
        func page(_ part: CommandDescription, _ title: String) -> ManualPage {
            ManualPage(part, title: title, version: RingbackVersion.current, date: date, others: names)
        }
        let pages =
            [page(command, command.commandName)]
            + command.shownCommands.map { page($0, "\(command.commandName) \($0.commandName)") }
        let folder = URL(filePath: directory)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for page in pages { try Data(page.text.utf8).write(to: folder.appending(path: "\(page.name).1")) }
        } catch {
            throw CommandFailure("the pages cannot be written to '\(directory)': \(error.localizedDescription)")
        }
    }
}
