import RawJSON

/// What in a Slack message would be more than text.
///
/// Slack reads mrkdwn in the message's own `text`, in every text object of that type and in everything of an attachment. `plain_text` objects
/// and the text elements of `rich_text` have no markup at all.
enum SlackMarkup {
    /// - Returns: What is live, each with where it stands; none when nothing is.
    static func troubles(in message: JSON) -> [String] {
        var found: [String] = []
        if let text = message["text"]?.string {
            // `mrkdwn: false` takes the characters of formatting their meaning, and leaves `<…>` what it is.
            found += troubles(in: text, isFormatted: message["mrkdwn"] != .bool(false)).map { "/text: \($0)" }
        }
        for member in message.members ?? [] where member.key != "text" {
            found += troubles(below: member.value, at: "/\(member.key)", key: member.key)
        }
        return found
    }

    private static let textsWithMarkup: Set<String> = ["text", "pretext", "fallback", "title", "value", "footer", "author_name"]

    private static func troubles(below value: JSON, at path: String, key: String) -> [String] {
        if let elements = value.elements {
            return elements.enumerated().flatMap { troubles(below: $0.element, at: "\(path)/\($0.offset)", key: key) }
        }
        if let text = value.string {
            return textsWithMarkup.contains(key) ? troubles(in: text, isFormatted: true).map { "\(path): \($0)" } : []
        }
        let hasNoMarkup = value["type"] == "plain_text" || value["type"] == "text"
        return (value.members ?? []).filter { !(hasNoMarkup && $0.key == "text") }.flatMap {
            troubles(below: $0.value, at: "\(path)/\($0.key)", key: $0.key)
        }
    }

    private static func troubles(in text: String, isFormatted: Bool) -> [String] {
        var troubles = ["<!", "<@", "<#", "<http"].filter { text.contains($0) }.map { "'\($0)' is live" }
        if text.contains("<") || text.contains(">") { troubles.append("an angle bracket is not escaped") }
        // Slack knows three entities, and shows any other as it is written.
        let bareAmpersand = /&(?!(amp|lt|gt);)/
        if text.contains(bareAmpersand) { troubles.append("an ampersand is not escaped, or an entity is cut") }
        if isFormatted {
            troubles += ["*bold*", "_i_", "~s~", "`code`"].filter { text.contains($0) }.map { "'\($0)' is live" }
        }
        return troubles
    }
}
