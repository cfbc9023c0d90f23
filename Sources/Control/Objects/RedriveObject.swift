/// What a redrive of dead letters came to (contract, section 5).
package struct RedriveObject: Codable, Sendable, Hashable {
    package var matched: Int
    /// 0 in a dry run.
    package var redriven: Int

    package init(matched: Int, redriven: Int) {
        self.matched = matched
        self.redriven = redriven
    }
}
