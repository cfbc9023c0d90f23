import ArgumentParser
import RingbackCore
import WebhookSignature

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks a callback's signature.",
        discussion: """
            Reads the body from standard input, exactly as it was received. Exits 0 when the signature is good, 1 when not.

            Try it:
              ringback verify --id evt_1 --timestamp 1790000000 --signature 'v1,…' < body
            """
    )

    /// Larger than any callback: a response object has at most 32 MiB, and the envelope adds little.
    private static let maximumBodyBytes = 40 * 1024 * 1024

    @Option(help: "The endpoint's whsec_ secret (or whpk_ key). Better: set RINGBACK_WEBHOOK_SECRET, which process lists do not show.")
    var secret: String?

    @Option(help: "The value of webhook-id.")
    var id: String

    @Option(help: "The value of webhook-timestamp.")
    var timestamp: String

    @Option(help: "The value of webhook-signature.")
    var signature: String

    @Option(help: "How far the timestamp may be from now, such as 5m.")
    var tolerance: DurationOption?

    func run() async throws {
        guard let text = secret ?? environmentVariable("RINGBACK_WEBHOOK_SECRET") else {
            throw CommandFailure("a secret is needed: --secret or RINGBACK_WEBHOOK_SECRET", exitCode: ExitReport.usage)
        }
        let key: VerifyingKey
        do {
            key = try VerifyingKey(validating: Secret(text))
        } catch {
            throw CommandFailure("the secret: \(error)", exitCode: ExitReport.usage)
        }
        let body = try Terminal.readInput(limit: Self.maximumBodyBytes)
        do {
            try WebhookVerifier.verify(
                id: id, timestamp: timestamp, signature: signature, body: body, keys: [key], now: SystemTime().wallNow,
                tolerance: tolerance?.duration ?? WebhookVerifier.defaultTolerance
            )
        } catch {
            throw CommandFailure("not verified: \(error)")
        }
        Terminal.print("verified")
    }
}
