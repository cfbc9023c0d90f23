import ArgumentParser
import RingbackCore
import WebhookSignature

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "secret", abstract: "Prints a fresh whsec_ secret.")

    @Flag(help: "Print a whsk_ key instead: receivers check its v1a signatures with the public half (ringback endpoints public-key).")
    var ed25519 = false

    func run() async throws {
        Terminal.print((ed25519 ? SigningKey.generateEd25519() : SigningKey.generate()).reveal())
    }
}
