package import RingbackCore

extension PresetFacts {
    /// How many of a digest's events are told one by one.
    package static let maximumDigestLines = 30

    /// Several events as one: "37 completed, 2 failed", and what did not complete one by one.
    ///
    /// The names are the same as of one event; what can only be said of one is empty.
    ///
    /// - Parameters:
    ///   - entries: Events, and response objects where they are at hand; at least one.
    ///   - id: What the message is called instead of an event.
    package init(digest entries: [(event: Event, response: [UInt8]?)], named id: EventID, endpoint: EndpointName) {
        let events = entries.map { entry in
            (status: TerminalStatus.allCases.first { $0.eventType == entry.event.type }, entry: entry)
        }
        let order: [TerminalStatus] = [.failed, .incomplete, .cancelled, .completed]
        let worst = order.first { status in events.contains { $0.status == status } }
        let headline = Self.counts(events.map(\.status))
        let notable = events.filter { $0.status != .completed && $0.status != .cancelled }
        var lines = notable.prefix(Self.maximumDigestLines).map { item in
            Self.line(
                PresetFacts(
                    event: item.entry.event, response: item.entry.response, metadata: [:], endpoint: endpoint, link: nil,
                    includesOutput: false))
        }
        if notable.count > lines.count { lines.append("… and \(notable.count - lines.count) more") }
        let look = OutcomeLook(worst, type: entries.first?.event.type ?? .ringbackTest)
        let first = entries.first?.event.createdAt ?? Timestamp(milliseconds: 0)
        let outcome = worst?.rawValue ?? "other"
        var members: [String: TemplateValue] = [
            "outcome": .text(outcome), "symbol": .text(look.symbol), "colour": .text(look.colour),
            "colour_number": .text("\(look.colourNumber)"), "severity": .text(look.severity), "tone": .text(look.tone),
            "quiet": .flag(false), "headline": .text(headline), "summary": .text("\(look.symbol) \(headline)"), "details": .text(""),
            "reason": .text(lines.joined(separator: "\n")), "link": .text(""), "upstream": .text(""), "output": .text(""),
            "watch": .group(["id": .text("")]), "endpoint": .group(["name": .text(endpoint.rawValue)]),
            "event": .group([
                "id": .text(id.rawValue), "type": .text("digest"), "time": .text(first.rfc3339), "unix": .text("\(first.unixSeconds)"),
                "day_later": .text((first + .seconds(86_400)).rfc3339), "json": .text("{}"),
            ]),
            "response": .group(["id": .text(""), "model": .text(""), "duration": .text("")]),
            "tokens": .group(["input": .text(""), "output": .text(""), "total": .text("")]),
            "error": .group(["code": .text(""), "message": .text("")]), "incomplete": .group(["reason": .text("")]),
            "metadata": .group([:]), "metadata_list": .list([]),
        ]
        members["is_test"] = .flag(false)
        for name in Preset.outcomeNames { members["is_\(name)"] = .flag(name == outcome) }
        self.outcome = outcome
        values = .group(members)
    }

    private static func counts(_ statuses: [TerminalStatus?]) -> String {
        let order: [(status: TerminalStatus?, word: String)] = [
            (.completed, "completed"), (.failed, "failed"), (.incomplete, "incomplete"), (.cancelled, "cancelled"), (nil, "other"),
        ]
        return order.compactMap { status, word in
            let count = statuses.count { $0 == status }
            return count > 0 ? "\(count) \(word)" : nil
        }.joined(separator: ", ")
    }

    private static func line(_ facts: PresetFacts) -> String {
        facts.values.text(at: "summary") ?? ""
    }
}
