import ArgumentParser
import RingbackCore
import WebhookSignature

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "secret", abstract: "Prints a fresh whsec_ secret.")

    func run() async throws {
        Terminal.print(SigningKey.generate().reveal())
    }
}
