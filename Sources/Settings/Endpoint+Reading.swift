import Presets
import RingbackCore

extension Endpoint {
    private static let maximumTimeout: Duration = .seconds(600)
    private static let maximumWait: Duration = .seconds(30 * 86_400)
    private static let maximumRetries = 100

    /// Reads one element of `endpoints`.
    ///
    /// - Returns: `nil` after a report.
    init?(reading fields: Fields, presets: PresetLibrary) {
        let name = fields.name(example: "my-app", EndpointName.init(validating:))
        let events = Self.events(in: fields)
        let match = Self.match(in: fields)
        let retry = Self.retry(in: fields)
        let preset = fields.text("preset").flatMap { presets[$0] }
        // Mail servers answer late on purpose, and look at a mail before they take it.
        let usualTimeout: Duration = preset?.transport == .smtp ? .seconds(60) : .seconds(15)
        let timeout = fields.duration("timeout", default: usualTimeout, in: .milliseconds(100)...Self.maximumTimeout)
        let maximumInFlight = fields.integer("max_in_flight", default: 16, in: 1...1000)
        let rateLimit = Self.rateLimit(in: fields)
        let target = Self.target(in: fields, presets: presets)
        let connectTimeout = Self.connectTimeout(in: fields, timeout: timeout)
        let digest = Self.digest(in: fields, preset: preset)
        fields.finish()
        guard let name, let target else { return nil }
        self.init(
            name: name, origin: .configuration, target: target, events: events, match: match, retry: retry, timeout: timeout,
            connectTimeout: connectTimeout, maximumInFlight: maximumInFlight, rateLimit: rateLimit, digest: digest
        )
    }

    private static func digest(in fields: Fields, preset: Preset?) -> Digest? {
        guard fields.has("digest") else { return nil }
        guard let preset else {
            let message =
                fields.has("preset")
                ? "cannot be read before the preset is known" : "is for chats and mail, and this endpoint has no preset"
            fields.refuse(["digest"], message, suggestion: "remove it: programs count for themselves")
            return nil
        }
        guard preset.takesDigests else {
            let message = "is for chats and mail, and '\(preset.name)' keeps something of its own for each response"
            fields.refuse(["digest"], message, suggestion: "remove it")
            return nil
        }
        guard let values = fields.fields("digest") else { return nil }
        let digest = Digest(
            window: values.duration("window", default: Digest.defaultWindow, in: Digest.windows),
            maximum: values.integer("max", default: Digest.defaultMaximum, in: Digest.maximums))
        values.finish()
        return digest
    }

    // MARK: Target

    private static func target(in fields: Fields, presets: PresetLibrary) -> Target? {
        let given = [["url", "url_file"], ["inbox"], ["command"], ["preset"]].compactMap { $0.first(where: fields.has) }
        guard given.count <= 1 else {
            fields.report(
                "'\(given[1])' beside '\(given[0])'", at: given[1], suggestion: "an endpoint has one target: make an endpoint of each")
            // What else is wrong with either comes to light in the same pass.
            _ = (WebhookTarget(reading: fields), InboxTarget(reading: fields), CommandTarget(reading: fields))
            fields.allow("preset", "with")
            return nil
        }
        switch given.first {
        case "url", "url_file":
            fields.refuse(InboxTarget.keys, "is for an inbox, and this endpoint has a url", suggestion: "remove it")
            fields.refuse(["with"], "is for a preset, and this endpoint has a url", suggestion: "remove it")
            fields.refuse(CommandTarget.keys, "is for a command, and this endpoint has a url", suggestion: "remove it")
            return WebhookTarget(reading: fields).map { .webhook($0) }
        case "inbox":
            fields.refuse(
                WebhookTarget.keys + ["connect_timeout"], "is for a url, and this endpoint has an inbox", suggestion: "remove it"
            )
            fields.refuse(["with"], "is for a preset, and this endpoint has an inbox", suggestion: "remove it")
            fields.refuse(CommandTarget.keys, "is for a command, and this endpoint has an inbox", suggestion: "remove it")
            return InboxTarget(reading: fields).map { .inbox($0) }
        case "command":
            fields.refuse(
                WebhookTarget.keys + ["connect_timeout"], "is for a url, and this endpoint has a command", suggestion: "remove it")
            fields.refuse(InboxTarget.keys, "is for an inbox, and this endpoint has a command", suggestion: "remove it")
            fields.refuse(["with"], "is for a preset, and this endpoint has a command", suggestion: "remove it")
            return CommandTarget(reading: fields).map { .command($0) }
        case "preset":
            fields.refuse(InboxTarget.keys, "is for an inbox, and this endpoint has a preset", suggestion: "remove it")
            fields.refuse(CommandTarget.keys, "is for a command, and this endpoint has a preset", suggestion: "remove it")
            fields.refuse(WebhookTarget.keys, "is for a url, and this endpoint has a preset", suggestion: "remove it, or give it in 'with'")
            return PresetTarget(reading: fields, presets: presets).map { .preset($0) }
        case nil:
            fields.allow(keys: ["url", "inbox", "command", "preset", "with"] + CommandTarget.keys + InboxTarget.keys + WebhookTarget.keys)
            let message = "nothing says where this endpoint's notifications go"
            fields.inspection.report(
                message, at: fields.place, path: fields.path,
                suggestion: "write url: https://app.example.com/hooks, inbox: ./inbox, or preset: slack"
            )
            return nil
        case _?:
            preconditionFailure("a key that names a target is one of those above")
        }
    }

    private static func connectTimeout(in fields: Fields, timeout: Duration) -> Duration {
        let fallback = min(.seconds(5), timeout)
        guard !fields.has("inbox"), !fields.has("command") else { return fallback }
        let connectTimeout = fields.duration("connect_timeout", default: fallback, in: .milliseconds(100)...maximumTimeout)
        if connectTimeout > timeout {
            let message = "\(connectTimeout.text) is more than the \(timeout.text) the whole attempt may take"
            fields.report(message, at: "connect_timeout", suggestion: "write \(timeout.text) or less, or a longer timeout")
        }
        return connectTimeout
    }

    // MARK: What it gets

    private static func events(in fields: Fields) -> [EventPattern] {
        guard let elements = fields.elements("events") else { return [.responses] }
        let patterns: [EventPattern] = elements.compactMap { element in
            guard let text = fields.text(of: element.value, path: element.path) else { return nil }
            if let pattern = EventPattern(text) { return pattern }
            fields.inspection.report(
                "no event is called '\(text)'", at: element.value.place, path: element.path, suggestion: adviceForEvent(text))
            return nil
        }
        if elements.isEmpty {
            fields.report("an endpoint without events gets nothing", at: "events", suggestion: "write [response.*] or remove the line")
        }
        return patterns
    }

    private static func adviceForEvent(_ text: String) -> String {
        let types = EventType.all.map(\.rawValue)
        let patterns = ["response.*", "watch.*", "delivery.*", "endpoint.*"]
        if let whole = types.first(where: { $0.hasSuffix(".\(text)") }) ?? Spelling.nearest(to: text, among: types + patterns) {
            return "did you mean '\(whole)'?"
        }
        return "write \(Spelling.list(patterns)), or one of \(types.joined(separator: ", "))"
    }

    private static func match(in fields: Fields) -> EndpointMatch {
        var match = EndpointMatch()
        guard let conditions = fields.fields("match") else { return match }
        match.upstream = upstream(in: conditions)
        match.model = conditions.text("model")
        match.statuses = statuses(in: conditions)
        for entry in conditions.all() where entry.key.hasPrefix("metadata.") {
            conditions.allow(entry.key)
            let key = String(entry.key.dropFirst("metadata.".count))
            guard !key.isEmpty else {
                conditions.report("no metadata key is named", at: entry.key, suggestion: "write metadata.team: search")
                continue
            }
            match.metadata[key] = conditions.text(entry.key)
        }
        conditions.refuse(["metadata"], "needs the name of a key", suggestion: "write metadata.team: search")
        conditions.finish()
        return match
    }

    private static func upstream(in conditions: Fields) -> UpstreamName? {
        guard let text = conditions.text("upstream") else { return nil }
        do {
            return try UpstreamName(validating: text)
        } catch {
            conditions.report(error.description, at: "upstream")
            return nil
        }
    }

    private static func statuses(in conditions: Fields) -> Set<WatchStatus> {
        guard let elements = conditions.elements("status") else { return [] }
        if elements.isEmpty {
            conditions.report("no event has no status", at: "status", suggestion: "write status: [failed, incomplete] or remove the line")
        }
        let possible = EndpointMatch.possibleStatuses
        return Set(
            elements.compactMap { element in
                guard let text = conditions.text(of: element.value, path: element.path) else { return nil }
                if let status = possible.first(where: { $0.rawValue == text }) { return status }
                conditions.inspection.report(
                    "no event leaves a watch in the status '\(text)'", at: element.value.place, path: element.path,
                    suggestion: Spelling.advice(for: text, among: possible.map(\.rawValue)))
                return nil
            })
    }

    private static func rateLimit(in fields: Fields) -> RateLimit? {
        guard let text = fields.text("rate_limit") else { return nil }
        guard let limit = RateLimit(text: text) else {
            fields.report("'\(text)' is not a rate", at: "rate_limit", suggestion: RateLimit.advice)
            return nil
        }
        return limit
    }

    private static func retry(in fields: Fields) -> RetryPolicy {
        var policy = RetryPolicy()
        guard let retry = fields.fields("retry") else { return policy }
        policy.jitter = retry.number("jitter", default: policy.jitter, in: 0...1)
        if let elements = retry.elements("schedule") {
            policy.schedule = elements.compactMap { retry.duration(of: $0.value, path: $0.path, in: .milliseconds(1)...maximumWait) }
            if elements.count > maximumRetries {
                retry.report("more than \(maximumRetries) retries", at: "schedule", suggestion: "write at most \(maximumRetries)")
            }
        }
        retry.finish()
        return policy
    }
}
