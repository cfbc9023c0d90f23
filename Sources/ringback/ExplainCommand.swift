import ArgumentParser
import Control
import RawJSON

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says whether the guard lets callbacks out to a URL, and why.",
        discussion: """
            Asks the bridge, which resolves the name as it does for a delivery, and sends nothing. Exits 0 when a callback may go out, 1 when
            not. Endpoints of the configuration file are the operator's own and are not judged.
            """
    )

    @Argument(help: "The URL of a callback or an endpoint.")
    var url: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.post("/v1/explain", body: JSON.object([JSON.Member("url", .string(url))]).bytes)
            let explanation = try APIClient.decode(ExplanationObject.self, from: bytes)
            Terminal.print(output.json ? String(decoding: bytes, as: UTF8.self) : Self.text(explanation))
            // Everything was said already.
            if !explanation.allowed { throw CommandFailure("") }
        }
    }

    private static func text(_ explanation: ExplanationObject) -> String {
        var fields = FieldList()
        fields.add("url", explanation.url)
        fields.add("verdict", explanation.allowed ? "allowed" : "refused")
        fields.add("reason", explanation.reason)
        fields.add("rule", explanation.rule)
        fields.add("detail", explanation.detail == explanation.reason ? nil : explanation.detail)
        fields.add("by proxy", explanation.proxy)
        guard let addresses = explanation.addresses, !addresses.isEmpty else { return fields.text() }
        var table = Table("ADDRESS", "VERDICT", "RULE")
        for address in addresses { table.add(address.address, address.allowed ? "allowed" : "refused", address.rule) }
        return "\(fields.text())\n\n\(table.text())"
    }
}
