import ArgumentParser
import Inbox
import RingbackCore

struct InboxAckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack", abstract: "Removes a claimed file and the text beside it.",
        discussion: "Exits 1 when the claim was lost: its lease ran out, and another consumer may have the file."
    )

    @Argument(help: ArgumentHelp("The path that 'next' printed; repeat it for more.", valueName: "file"))
    var files: [String]

    @OptionGroup var inbox: InboxOptions

    func run() async throws {
        try await ClaimedFile.each(of: files, inbox) { file throws(InboxReadingError) in try file.reader.acknowledge(file.name) }
    }
}

struct InboxNackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nack", abstract: "Puts a claimed file back for any consumer.",
        discussion: """
            At once the file is the oldest again, so a consumer that cannot deal with it
            gets it again and again: --after gives the others their turn.
            Exits 1 when the claim was lost.
            """
    )

    @Argument(help: ArgumentHelp("The path that 'next' printed; repeat it for more.", valueName: "file"))
    var files: [String]

    @Option(help: "Not before this time, such as 1m.")
    var after: DurationOption?

    @OptionGroup var inbox: InboxOptions

    func validate() throws {
        try LeaseOption.check(after, "--after")
    }

    func run() async throws {
        try await ClaimedFile.each(of: files, inbox) { file throws(InboxReadingError) in
            guard let wait = after?.duration else { return try file.reader.putBack(file.name) }
            _ = try file.reader.putBack(file.name, after: wait, now: SystemTime().wallNow)
        }
    }
}

/// A file in the `cur` of some inbox, as a script names it.
private struct ClaimedFile {
    let reader: InboxReader
    let name: String

    /// - Parameter text: A path that ends in `cur/NAME`, which tells the inbox too, or a name in the inbox of the options.
    init(_ text: String, _ inbox: InboxOptions) throws(InboxReadingError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        name = String(parts.last ?? "")
        guard ClaimedName(name) != nil || ClaimedName.isFit(name) else { throw .notClaimed(text) }
        guard parts.count > 1 else {
            reader = inbox.reader
            return
        }
        guard parts[parts.count - 2] == "cur" else { throw .notClaimed(text) }
        let directory = parts.dropLast(2).joined(separator: "/")
        reader = InboxReader(directory.isEmpty ? text.hasPrefix("/") ? "/" : "." : directory)
    }

    /// Does the same with each file, whatever became of those before it.
    static func each(
        of files: [String], _ inbox: InboxOptions, _ body: (ClaimedFile) throws(InboxReadingError) -> Void
    ) async throws {
        var hasFailed = false
        for file in files {
            do throws(InboxReadingError) {
                try body(try ClaimedFile(file, inbox))
            } catch {
                Terminal.complain("\(error)")
                hasFailed = true
            }
        }
        // Each was told already.
        if hasFailed { throw CommandFailure("") }
    }
}
