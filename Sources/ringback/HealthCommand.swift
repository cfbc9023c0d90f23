import ArgumentParser

/// For container health checks, where no other HTTP client is installed.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Says whether the bridge answers: exit 0 or 1.",
        shouldDisplay: false
    )

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = try await APIClient.with(server) { client in try await client.get("/healthz") }
        Terminal.print(bytes: body)
    }
}
