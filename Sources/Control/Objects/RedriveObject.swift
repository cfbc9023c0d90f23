/// What a redrive of dead letters came to (contract, section 5).
package struct RedriveObject: Codable, Sendable, Hashable {
    package var matched: Int
    /// 0 in a dry run.
    package var redriven: Int
    /// Where to go on when `limit` was reached; absent when all were looked at.
    package var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case matched
        case redriven
        case nextCursor = "next_cursor"
    }

    package init(matched: Int, redriven: Int, nextCursor: String? = nil) {
        self.matched = matched
        self.redriven = redriven
        self.nextCursor = nextCursor
    }
}
