import Control

/// What every list command does: fetch a page, print it as JSON or as a table, and say where it goes on.
enum Listing {
    /// - Parameter text: The page as a table with hints; or, for an empty one, a sentence that says so.
    static func show<Element: Codable & Sendable & Hashable>(
        _ path: String, query: [(name: String, value: String?)], of type: Element.Type, server: ServerOptions, output: OutputOptions,
        text: ([Element]) -> String
    ) async throws {
        try await APIClient.with(server) { client in
            let bytes = try await client.get(path, query: query)
            if output.json {
                Terminal.print(bytes: bytes)
                return
            }
            let page = try APIClient.decode(ListObject<Element>.self, from: bytes)
            Terminal.print(text(page.data))
            if let cursor = page.nextCursor { Terminal.print("There is more: add --cursor \(Printable.text(cursor))") }
        }
    }
}
