import ArgumentParser
import Control
import RingbackCore

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Asks the upstream to cancel a background response.",
        discussion: "The terminal event comes by the usual way, when the upstream says that the response has ended."
    )

    @Argument(help: "The response's id.")
    var responseID: String

    @Option(help: "The upstream it runs at. Found out by the watch if left out.")
    var upstream: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes: [UInt8]
            if let watch = try await Lookup.watch(response: responseID, upstream: upstream, client: client) {
                bytes = try await client.post(APIClient.path("/v1/watches", watch.id.rawValue, "cancel"))
            } else {
                let base = upstream.map { APIClient.path("/upstreams", $0) } ?? ""
                bytes = try await client.post(APIClient.path("\(base)/v1/responses", responseID, "cancel"))
            }
            if output.json {
                Terminal.print(bytes: bytes)
            } else {
                Terminal.print("The upstream was asked to cancel \(Printable.text(responseID)).")
            }
        }
    }
}

/// Finds a watch by what people have at hand.
enum Lookup {
    /// - Returns: `nil` when the response is not watched.
    /// - Throws: ``CommandFailure`` when several upstreams have a response of that id and none is named.
    static func watch(response: String, upstream: String?, client: APIClient) async throws -> WatchObject? {
        let bytes = try await client.get("/v1/watches", query: [("response_id", response), ("upstream", upstream), ("limit", "2")])
        let found = try APIClient.decode(ListObject<WatchObject>.self, from: bytes).data
        guard found.count < 2 else {
            throw CommandFailure("several upstreams have a response of that id: name one with --upstream", exitCode: ExitReport.usage)
        }
        return found.first
    }
}
