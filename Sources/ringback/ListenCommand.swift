import ArgumentParser
import Curl
import RingbackCore
import RingbackService
import Sandbox
import WebhookSignature

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "A local receiver that verifies callbacks and prints them.",
        discussion: """
            Without a secret the callbacks are printed unverified. A callback
            whose signature is wrong is answered 401 and not handed on.

            Try it:
              ringback listen --secret "$(ringback secret)"
              ringback listen --forward-to http://127.0.0.1:3000/hooks
            """
    )

    @Option(help: "Address to listen on.")
    var listen = ListenOption(host: "127.0.0.1", port: 8789)

    @Option(help: "The endpoint's whsec_ secret. Better: set RINGBACK_WEBHOOK_SECRET, which process lists do not show.")
    var secret: String?

    @Option(help: ArgumentHelp("Hand each callback on to a program of yours, and answer what it answers.", valueName: "url"))
    var forwardTo: String?

    @Flag(help: "Print the headers too.")
    var headers = false

    func run() async throws {
        let keys = try signingKeys()
        guard let target = try forwardTarget() else { return try await listen(keys: keys, forwarder: nil) }
        let transport = try CurlTransport(options: CurlTransportOptions(name: "ringback-listen"))
        do {
            try await listen(keys: keys, forwarder: CallbackForwarder(to: target, transport: transport))
        } catch {
            await transport.shutdown()
            throw error
        }
        await transport.shutdown()
    }

    private func listen(keys: [VerifyingKey], forwarder: CallbackForwarder?) async throws {
        let showHeaders = headers
        let receiver = Receiver(keys: keys) { callback in
            Terminal.print(ReceivedCallbackText.line(callback))
            if showHeaders { for header in callback.headers { Terminal.print("    \(header.name): \(header.value)") } }
            Terminal.print("    " + ReceivedCallbackText.body(callback))
            if case .refused = callback.verdict { return 401 }
            guard let forwarder else { return 204 }
            let (status, line) = await forwarder.forward(callback)
            Terminal.print("    " + line)
            return status
        }
        let host = listen.host
        let server = LocalServer(
            router: receiver.router(), host: host, port: listen.port, name: "ringback-listen", logger: quietLogger("listen")
        ) { port in
            let checks = keys.isEmpty ? "callbacks are not verified: give --secret" : "signatures are verified"
            Terminal.print("Listening on http://\(host):\(port)/ (\(checks)). Press Ctrl-C to stop.")
        }
        try await serveUntilSignal([server], address: "\(host):\(listen.port)")
    }

    private func forwardTarget() throws -> HTTPURL? {
        guard let forwardTo else { return nil }
        do {
            return try HTTPURL(validating: forwardTo)
        } catch {
            throw ValidationError("--forward-to: \(error)")
        }
    }

    private func signingKeys() throws -> [VerifyingKey] {
        guard let text = secret ?? environmentVariable("RINGBACK_WEBHOOK_SECRET") else { return [] }
        do {
            return [try VerifyingKey(validating: Secret(text))]
        } catch {
            throw ValidationError("--secret: \(error)")
        }
    }
}

/// How a callback is shown to a person.
enum ReceivedCallbackText {
    /// What is shown of a body; the rest is counted.
    static let shownBodyBytes = 2000

    static func line(_ callback: ReceivedCallback) -> String {
        let verdict =
            switch callback.verdict {
            case .verified: "signature verified"
            case .unchecked: "not verified"
            case .refused(let reason): "REFUSED: \(reason)"
            }
        return "\(callback.receivedAt.rfc3339)  POST \(callback.path)  \(callback.webhookID ?? "no webhook-id")  \(verdict)"
    }

    static func body(_ callback: ReceivedCallback) -> String {
        let text = String(decoding: callback.body.prefix(shownBodyBytes), as: UTF8.self)
        let rest = callback.body.count - shownBodyBytes
        let printable = String(text.map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } == true ? " " : $0 })
        return rest > 0 ? "\(printable)… (\(rest) bytes more)" : printable
    }
}
