import ArgumentParser
import Curl
import Foundation
import RingbackCore
import WebhookSignature

/// The least a bridge can be with the same libcurl, reader and signer: streams in, one line of a journal on disk, callbacks out.
///
/// No store, no API, no retries, no polling, no second look: what the real bridge costs beyond it is the price of its promises. It ends
/// with its standard input.
struct BareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare", abstract: "The baseline, told what to do by lines on standard input.", shouldDisplay: false)

    /// Said once when it is ready, and after every order that was understood. What was lost on the way shows at the receiver.
    struct Answer: Codable, Sendable {
        var isReady = true
    }

    @Option(help: "The vendor's base URL.")
    var upstream: String

    @Option(help: "Where callbacks go.")
    var hook: String

    @Option(help: "What callbacks are signed with. Made for one run, and of no use after it.")
    var secret: String

    @Option(help: "The file that what ended is written to.")
    var journal: String

    @Option(help: "Callbacks on their way at once.")
    var inFlight: Int

    func run() async throws {
        let streams = try CurlTransport(options: CurlTransportOptions(name: "upstreams", maxTransfers: 60_000))
        let callbacks = try CurlTransport(options: CurlTransportOptions(name: "deliveries"))
        let poster = BarePoster(hook: hook, key: try SigningKey(validating: Secret(secret)), inFlight: inFlight, transport: callbacks)
        let journal = try BareJournal(path: journal, poster: poster)
        let follower = BareFollower(upstream: upstream, transport: streams, journal: journal)
        async let writing: Void = journal.run()
        try await Self.obey(follower: follower, poster: poster)
        journal.finish()
        try await writing
        await streams.shutdown()
        await callbacks.shutdown()
    }

    /// On the main thread, which may wait for lines without keeping one of the pool's few threads from its work.
    @MainActor
    private static func obey(follower: BareFollower, poster: BarePoster) throws {
        try say(Answer())
        while let line = readLine() {
            switch try BareOrder(line: line) {
            case .follow(let numbers): follower.follow(numbers)
            case .post(let numbers, let inFlight): poster.post(Array(numbers), inFlight: inFlight)
            }
            try say(Answer())
        }
    }

    private static func say(_ answer: Answer) throws {
        try FileHandle.standardOutput.write(contentsOf: try JSONEncoder().encode(answer) + Data("\n".utf8))
    }
}
