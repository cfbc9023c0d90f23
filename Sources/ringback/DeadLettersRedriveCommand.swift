import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct DeadLettersRedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Makes dead letters due again, with a fresh schedule.",
        discussion: """
            Without ids and conditions it is all of them; --dry-run counts them first.

            Try it:
              ringback dead-letters redrive --endpoint my-app --since 2h --dry-run
            """
    )

    @Argument(help: "The deliveries' ids.")
    var ids: [String] = []

    @Flag(help: "Only count them.")
    var dryRun = false

    @OptionGroup var which: DeadLetterOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let result = try await PiecewiseWork.run(
                client, "/v1/dead-letters/redrive", request, from: RedriveObject(matched: 0, redriven: 0),
                add: { sum, piece in
                    sum.matched += piece.matched
                    sum.redriven += piece.redriven
                }, next: \.nextCursor,
                progress: {
                    dryRun ? "\($0.matched) dead letters match so far" : "\($0.redriven) dead letters are due again so far"
                })
            if output.json {
                Terminal.print(bytes: try APICoding.encode(result))
                return
            }
            let matching = result.matched == 1 ? "1 dead letter matches" : "\(result.matched) dead letters match"
            Terminal.print(dryRun ? "\(matching); nothing was changed." : "\(matching); due again: \(result.redriven).")
        }
    }

    private var request: [JSON.Member] {
        let now = SystemTime().wallNow
        var members: [JSON.Member] = [.init("dry_run", .bool(dryRun))]
        if !ids.isEmpty { members.append(.init("ids", .array(ids.map { .string($0) }))) }
        if let endpoint = which.endpoint { members.append(.init("endpoint", .string(endpoint))) }
        if let reason = which.reason { members.append(.init("reason", .string(reason))) }
        if let since = which.since { members.append(.init("since", .string(since.time(now: now).rfc3339))) }
        if let until = which.until { members.append(.init("until", .string(until.time(now: now).rfc3339))) }
        return members
    }
}
