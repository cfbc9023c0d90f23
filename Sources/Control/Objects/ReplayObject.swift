/// What a replay of past events came to (contract, section 5).
package struct ReplayObject: Codable, Sendable, Hashable {
    /// Events that are to be sent.
    package var matched: Int
    /// Deliveries that were made due for them: fewer where one is under way already; 0 in a dry run.
    package var created: Int
    /// Where to go on when `limit` was reached; absent when all were looked at.
    package var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case matched
        case created
        case nextCursor = "next_cursor"
    }

    package init(matched: Int = 0, created: Int = 0, nextCursor: String? = nil) {
        self.matched = matched
        self.created = created
        self.nextCursor = nextCursor
    }
}
