import ArgumentParser
import Control
import RawJSON
import RingbackCore

struct EndpointsReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Sends past events to an endpoint that never got them.",
        discussion: """
            Sent is what the endpoint would have got by its settings as they are now, unless it was delivered or is on its way already.
            Events are kept as long as the configuration's retention says. New events go before replayed ones.

            Try it:
              ringback endpoints replay my-app --since 3d --dry-run
            """
    )

    @Argument(help: "The endpoint's name.")
    var name: String

    @Option(help: "Events of this time or later: a time of RFC 3339, or how long ago, such as 2h or 3d.")
    var since: TimeOption

    @Option(help: "Only events before this time: a time of RFC 3339, or how long ago.")
    var until: TimeOption?

    @Option(
        name: .customLong("type"),
        help: "Only these, such as response.failed or response.*; repeat it for more (what the endpoint asks for).")
    var types: [String] = []

    @Flag(help: "Also those that were delivered already.")
    var all = false

    @Flag(help: "Only count them.")
    var dryRun = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let result = try await PiecewiseWork.run(
                client, APIClient.path("/v1/endpoints", name, "replay"), request, from: ReplayObject(),
                add: { sum, piece in
                    sum.matched += piece.matched
                    sum.created += piece.created
                }, next: \.nextCursor, progress: { "\($0.matched) events match so far" })
            if output.json {
                Terminal.print(bytes: try APICoding.encode(result))
                return
            }
            let matching = result.matched == 1 ? "1 event matches" : "\(result.matched) events match"
            Terminal.print(dryRun ? "\(matching); nothing was changed." : "\(matching); deliveries made due: \(result.created).")
        }
    }

    private var request: [JSON.Member] {
        let now = SystemTime().wallNow
        var members: [JSON.Member] = [
            .init("dry_run", .bool(dryRun)), .init("missing_only", .bool(!all)), .init("since", .string(since.time(now: now).rfc3339)),
        ]
        // The end is fixed by the first request: what happens during a long replay is sent anyway.
        members.append(.init("until", .string((until?.time(now: now) ?? now).rfc3339)))
        if !types.isEmpty { members.append(.init("types", .array(types.map { .string($0) }))) }
        return members
    }
}
