import ArgumentParser
import Inbox
import RawJSON
import RingbackCore

struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Consumes a file inbox from scripts, without a server.",
        discussion: """
            Any number of consumers may work on one inbox: no file is given to two of them.
            With a lease, what a consumer that died had claimed goes back to the inbox.

            Try it:
              file=$(ringback inbox next --wait --lease 10m)
              my-program < "$file" && ringback inbox ack "$file"

            Exit codes: 0 done; 1 failed; 2 usage;
            124 there is no file, or none came in time.
            """,
        subcommands: [
            InboxWaitCommand.self, InboxNextCommand.self, InboxAckCommand.self, InboxNackCommand.self, InboxListCommand.self,
        ]
    )
}

/// Which inbox: the same for every inbox command.
struct InboxOptions: ParsableArguments {
    private static let standardDirectory = "./inbox"

    @Option(help: ArgumentHelp("The inbox. Also: RINGBACK_INBOX (default: ./inbox).", valueName: "directory"))
    var dir: String?

    func validate() throws {
        if dir?.isEmpty == true { throw ValidationError("--dir takes a directory, such as ./inbox") }
    }

    var directory: String { dir ?? environmentVariable("RINGBACK_INBOX") ?? Self.standardDirectory }

    var reader: InboxReader { InboxReader(directory) }

    /// Runs `body`, and says in words what went wrong.
    func reporting<Result>(
        _ body: (InboxReader) async throws(InboxReadingError) -> Result
    ) async throws(CommandFailure) -> Result {
        do {
            return try await body(reader)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// There was no file: its own exit code, so that a script can tell it from trouble.
    static func nothing(_ message: String) -> CommandFailure {
        CommandFailure(message, exitCode: 124)
    }
}

/// How long a claim holds: the same wherever a file is claimed.
struct LeaseOption: ParsableArguments {
    @Option(help: "After this time the file goes back to the inbox unless it was acknowledged, such as 10m; never if left out.")
    var lease: DurationOption?

    func validate() throws {
        try Self.check(lease, "--lease")
    }

    static func check(_ value: DurationOption?, _ name: String) throws {
        guard let duration = value?.duration, !ClaimedName.leases.contains(duration) else { return }
        throw ValidationError("\(name) takes \(ClaimedName.leases.lowerBound.text) to \(ClaimedName.leases.upperBound.text)")
    }
}

struct InboxListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what waits and what is claimed, with ages.",
        discussion: "What lies there but is given to no consumer (hidden files, directories, foreign names) is counted."
    )

    @OptionGroup var inbox: InboxOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let found = try await inbox.reporting { reader throws(InboxReadingError) in try reader.entries() }
        let now = SystemTime().wallNow
        Terminal.print(json ? Self.json(found.entries, found.others, now: now) : Self.text(found.entries, found.others, now: now))
    }

    private static func text(_ entries: [InboxReader.Entry], _ others: Int, now: Timestamp) -> String {
        var table = Table("STATE", "AGE", "LEASE", "FILE")
        for entry in entries {
            let lease = entry.claim.map { claim in claim.endsAt.map { Age.remaining(until: $0, now: now) } ?? "none" } ?? "-"
            table.add(entry.claim == nil ? "new" : "claimed", Age.text(since: entry.since, now: now), lease, entry.name)
        }
        let listing = entries.isEmpty ? "The inbox is empty." : table.text()
        return others == 0 ? listing : "\(listing)\n\nGiven to no consumer: \(others) hidden, foreign or no file."
    }

    private static func json(_ entries: [InboxReader.Entry], _ others: Int, now: Timestamp) -> String {
        let objects: [JSON] = entries.map { entry in
            [
                "state": entry.claim == nil ? "new" : "claimed", "name": .string(entry.name), "path": .string(entry.path),
                "since": .string(entry.since.rfc3339), "age_seconds": .integer(Int64((now - entry.since).inSeconds)),
                "lease_until": entry.claim?.endsAt.map { .string($0.rfc3339) } ?? .null,
            ]
        }
        let listing: JSON = ["data": .array(objects), "others": .integer(Int64(others))]
        return String(decoding: listing.bytes, as: UTF8.self)
    }
}

/// How long ago or how soon, in the largest unit, for people.
private enum Age {
    static func text(since time: Timestamp, now: Timestamp) -> String {
        rounded(now - time)
    }

    static func remaining(until time: Timestamp, now: Timestamp) -> String {
        time <= now ? "run out" : rounded(time - now)
    }

    private static func rounded(_ duration: Duration) -> String {
        let seconds = max(0, Int64(duration.inSeconds))
        for (suffix, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds >= size { return "\(seconds / size)\(suffix)" }
        return "\(seconds)s"
    }
}
