import ArgumentParser
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows the main job on this machine: four background responses, followed and rung back.",
        discussion: """
            Starts a sandbox that plays an LLM vendor, the bridge with a database in a temporary directory, and a receiver that checks every
            signature. Creates one response for each outcome and shows each callback and each file as it arrives.
            """
    )

    @Flag(help: "Exit when everything has arrived: 0 when all was verified, 1 with the reason if not within a minute.")
    var once = false

    @Option(help: "Address of the bridge; port 0 lets the system choose.")
    var listen = ListenOption(host: "127.0.0.1", port: 8787)

    func run() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ringback-demo-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // What stays in a temporary directory harms nobody.
        defer { try? FileManager.default.removeItem(at: directory) }
        try await Demo(directory: directory, listen: listen, once: once).run()
    }
}
