import ArgumentParser
import Foundation
import Inbox
import RingbackCore

struct InboxWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Blocks until there is a file, and prints the path of the oldest.",
        discussion: """
            The file is not claimed: another consumer may take it.
            To wait and claim in one: ringback inbox next --wait
            """
    )

    @Option(help: "How long to wait at most, such as 10m; exit code 124 then.")
    var timeout: DurationOption?

    @OptionGroup var inbox: InboxOptions

    func run() async throws {
        let path = try await inbox.reporting { reader throws(InboxReadingError) in
            try await InboxConsumer(reader, time: SystemTime()).waitForAny(timeout: timeout?.duration)
        }
        guard let path else { throw InboxOptions.nothing("no file came into \(inbox.directory) in time") }
        Terminal.print(path)
    }
}

struct InboxNextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Claims the oldest file and prints its path.",
        discussion: """
            The file is moved from new to cur, where it is yours until you acknowledge it
            or put it back. With a lease, what you did not acknowledge in time, for example
            since you were killed, goes back to the inbox when another consumer comes by.
            Exit code 124 when there is no file, or none came within --timeout.

            Try it:
              file=$(ringback inbox next --wait --lease 10m)
            """
    )

    @Flag(help: "Block until there is a file.")
    var wait = false

    @Option(help: "With --wait: how long to wait at most, such as 10m.")
    var timeout: DurationOption?

    @Flag(help: "Print the file's content; its path goes to standard error.")
    var json = false

    @OptionGroup var lease: LeaseOption
    @OptionGroup var inbox: InboxOptions

    func validate() throws {
        if timeout != nil, !wait { throw ValidationError("--timeout needs --wait: without it the command does not block") }
    }

    func run() async throws {
        let path = try await inbox.reporting { reader throws(InboxReadingError) in
            let consumer = InboxConsumer(reader, time: SystemTime())
            guard wait else { return try consumer.next(lease: lease.lease?.duration) }
            return try await consumer.waitForNext(lease: lease.lease?.duration, timeout: timeout?.duration)
        }
        guard let path else {
            throw InboxOptions.nothing("no file \(wait ? "came into \(inbox.directory) in time" : "is in \(inbox.directory)")")
        }
        guard json else {
            Terminal.print(path)
            return
        }
        let content = try await content(of: path)
        Terminal.note(path)
        Terminal.print(bytes: content.last == UInt8(ascii: "\n") ? content.dropLast() : content)
    }

    private func content(of path: String) async throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            // Whoever cannot read it must not keep it from those who can.
            try await inbox.reporting { reader throws(InboxReadingError) in
                try reader.putBack(String(path.split(separator: "/").last ?? ""))
            }
            throw CommandFailure("\(path) cannot be read, so it was put back; its group may read it: \(error.localizedDescription)")
        }
    }
}
