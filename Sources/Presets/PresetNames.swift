/// Which names a template may use, by the place it stands in.
package enum PresetNames {
    /// What Ringback made itself, or what can be read without harm in any place.
    package static let safe: Set<String> = [
        "outcome", "symbol", "colour", "colour_number", "severity", "tone", "quiet", "link", "upstream", "watch.id", "endpoint.name",
        "event.id", "event.type", "event.time", "event.day_later", "event.unix", "event.json", "response.id", "tokens.input",
        "tokens.output", "tokens.total", "key", "delivery_key", "plain",
        "is_completed", "is_failed", "is_incomplete", "is_cancelled", "is_other", "is_test",
    ]

    /// What somebody else wrote: only in fields, which have an escape.
    package static let untrusted: Set<String> = [
        "headline", "summary", "details", "reason", "response.model", "response.duration", "error.code", "error.message",
        "incomplete.reason", "output", "metadata_list",
    ]

    package enum Place: Sendable, Hashable {
        /// In a field.
        case field
        /// In a URL, a header or a body.
        case request
    }

    /// - Parameters:
    ///   - fields: The names of the preset's fields.
    ///   - captures: The names that its requests keep.
    ///   - isSection: Whether the name only decides if something is shown.
    /// - Returns: Why the name cannot be used there, with advice; `nil` when it can.
    package static func trouble(
        with name: String, isSection: Bool, in place: Place, fields: [String], parameters: [PresetParameter], captures: Set<String>
    ) -> (message: String, candidates: [String])? {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("fields", 2):
            return fields.contains(parts[1]) ? nil : ("there is no field '\(parts[1])' above", fields.map { "fields.\($0)" })
        case ("with", 2):
            guard let parameter = parameters.first(where: { $0.name == parts[1] }) else {
                return ("the preset has no parameter '\(parts[1])'", parameters.map { "with.\($0.name)" })
            }
            guard place == .field, parameter.isSecret, !isSection else { return nil }
            return ("'\(name)' is a secret, and fields are shown to people", [])
        case ("captured", 2):
            return captures.contains(parts[1]) ? nil : ("no request captures '\(parts[1])'", captures.sorted().map { "captured.\($0)" })
        case ("metadata", 2): return place == .field || isSection ? nil : untrustedTrouble(name)
        // Inside a section over `metadata_list`.
        case ("name", 1), ("value", 1): return place == .field ? nil : untrustedTrouble(name)
        default: break
        }
        if safe.contains(name) { return nil }
        if untrusted.contains(name) { return place == .field || isSection ? nil : untrustedTrouble(name) }
        return ("nothing is called '\(name)'", (safe.union(untrusted)).sorted())
    }

    private static func untrustedTrouble(_ name: String) -> (message: String, candidates: [String]) {
        ("'\(name)' is somebody else's text: put it into a field, which has an escape and a limit", [])
    }
}
