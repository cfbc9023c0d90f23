import AddressGuard
import RawJSON
import RingbackCore
import WebhookSignature

/// The settings of an endpoint as the API writes them: the same names as in the configuration file (contract, section 4).
struct EndpointFields {
    static let names = [
        "url", "inbox", "preset", "with", "output_text", "max_files", "command", "secret", "hub_secret", "events", "match", "payload",
        "headers", "handshake", "timeout",
        "connect_timeout",
        "retry",
        "max_in_flight", "rate_limit", "digest",
    ]
    private static let retryNames = ["schedule", "jitter"]
    private static let maximumEvents = 32
    private static let maximumRetries = 50
    private static let maximumPathBytes = 4096
    private static let timeouts = Duration.milliseconds(100)...Duration.seconds(300)
    private static let retryWaits = Duration.milliseconds(100)...Duration.seconds(30 * 86400)

    /// What only a webhook has.
    private static let webhookNames = ["url", "secret", "hub_secret", "payload", "headers", "handshake"]

    private let fields: Fields
    private let preset: PresetFields
    private let url: String?
    private let inbox: String?
    private let outputText: Bool?
    private let maximumFiles: Int?
    private let secret: Secret?
    private let hubSecret: Secret?
    private let events: [EventPattern]?
    private let match: EndpointMatch?
    private let payload: PayloadForm?
    private let headers: [HeaderField]?
    private let handshake: WebhookHandshake?
    private let timeout: Duration?
    private let connectTimeout: Duration?
    private let retry: RetryPolicy?
    private let maximumInFlight: Int?
    private let rateLimit: RateLimit?
    private let digest: Digest?

    /// Reads everything; what is wrong is reported to the fields' problems.
    init(_ fields: Fields, known: KnownNames, rule: CallbackGuard) {
        self.fields = fields
        if fields.has("command") {
            fields.report(
                "command", "only the configuration file can name a command: who may use the API could run any program otherwise")
        }
        preset = PresetFields(fields, presets: known.presets, rule: rule)
        url = fields.callbackURL("url", rule: rule)
        inbox = Self.inbox(fields)
        outputText = fields.bool("output_text")
        maximumFiles = fields.integer("max_files", in: 1...100_000_000)
        secret = fields.signingSecret("secret")
        hubSecret = fields.hubSecret("hub_secret")
        events = Self.events(fields)
        match = fields.members("match").map { Self.match($0, of: fields, known: known) }
        payload = fields.choice("payload")
        headers = fields.headers("headers", rule: .callback)
        handshake = fields.handshake("handshake")
        timeout = fields.duration("timeout", in: Self.timeouts)
        connectTimeout = fields.duration("connect_timeout", in: Self.timeouts)
        retry = Self.retry(fields)
        maximumInFlight = fields.integer("max_in_flight", in: 1...1000)
        rateLimit = Self.rateLimit(fields)
        digest = Self.digest(fields)
    }

    /// The target of a new endpoint, with a secret made for it when none was given.
    func newTarget() -> (target: Endpoint.Target, freshSecret: Secret?)? {
        if fields.has("preset") {
            for name in Self.webhookNames + ["output_text", "max_files"] where name != "url" && fields.has(name) {
                fields.report(name, "a preset has no \(name): remove it, or give it in 'with'")
            }
            return preset.newTarget().map { (.preset($0), nil) }
        }
        if fields.has("with") { fields.report("with", "only a preset has it: remove it, or name a preset") }
        if let inbox {
            for name in ["secret", "hub_secret", "payload", "headers", "handshake"] where fields.has(name) {
                fields.report(name, "an inbox has no \(name): remove it")
            }
            return (.inbox(InboxTarget(directory: inbox, outputText: outputText ?? false, maximumFiles: maximumFiles)), nil)
        }
        for name in ["output_text", "max_files"] where fields.has(name) { fields.report(name, "only an inbox has \(name): remove it") }
        guard let url else { return nil }
        let fresh = secret == nil ? SigningKey.generate() : nil
        let secrets = (secret ?? fresh).map { [SigningSecret($0)] } ?? []
        let target = WebhookTarget(
            url: url, secrets: secrets, hubSecret: hubSecret, payload: payload ?? .thin, headers: headers ?? [], handshake: handshake)
        return (.webhook(target), fresh)
    }

    /// Changes the target of an existing endpoint. A webhook stays a webhook, an inbox an inbox.
    func retarget(_ endpoint: inout Endpoint) {
        switch endpoint.target {
        case .webhook(var target):
            for name in ["inbox", "output_text", "max_files", "preset", "with"] where fields.has(name) {
                fields.report(name, "this endpoint is a webhook and has no \(name): make another endpoint")
            }
            for name in ["url", "secret"] where fields.isNull(name) {
                fields.report(name, "a webhook cannot be without it: leave it out to keep it")
            }
            target.url = url ?? target.url
            if let secret { target.secrets = [SigningSecret(secret)] }
            target.hubSecret = hubSecret ?? (fields.isNull("hub_secret") ? nil : target.hubSecret)
            target.payload = payload ?? (fields.isNull("payload") ? .thin : target.payload)
            target.headers = headers ?? (fields.isNull("headers") ? [] : target.headers)
            target.handshake = handshake ?? (fields.isNull("handshake") ? nil : target.handshake)
            endpoint.target = .webhook(target)
        case .command:
            // The file is read-only for the API, and nothing else has commands.
            break
        case .inbox(var target):
            for name in Self.webhookNames + ["preset", "with"] where fields.has(name) {
                fields.report(name, "this endpoint is an inbox and has no \(name): make another endpoint")
            }
            if fields.isNull("inbox") { fields.report("inbox", "an inbox cannot be without it: leave it out to keep it") }
            target.directory = inbox ?? target.directory
            target.outputText = outputText ?? (fields.isNull("output_text") ? false : target.outputText)
            target.maximumFiles = maximumFiles ?? (fields.isNull("max_files") ? nil : target.maximumFiles)
            endpoint.target = .inbox(target)
        case .preset(let target):
            for name in Self.webhookNames + ["inbox", "output_text", "max_files", "preset"] where fields.has(name) {
                fields.report(name, "this endpoint has a preset, which stays what it is: make another endpoint")
            }
            if let changed = preset.changed(target) { endpoint.target = .preset(changed) }
        }
    }

    /// Complains of a digest for a target that takes none.
    ///
    /// - Parameter target: That of the endpoint as it is to be.
    func checkDigest(of target: Endpoint.Target) {
        guard fields.has("digest"), !fields.isNull("digest") else { return }
        switch target {
        case .webhook:
            fields.report("digest", "a digest is for chats and mail, and this endpoint is a webhook: programs count for themselves")
        case .inbox: fields.report("digest", "a digest is for chats and mail, and this endpoint is an inbox: programs count for themselves")
        case .command:
            fields.report("digest", "a digest is for chats and mail, and this endpoint runs a command: programs count for themselves")
        case .preset(let target) where preset.takesDigests(target): break
        case .preset(let target):
            fields.report(
                "digest", "a digest is for chats and mail, and '\(target.preset)' keeps something of its own for each response: remove it")
        }
    }

    /// Sets what is given, and resets what is given as `null`, apart from the target.
    func apply(to endpoint: inout Endpoint) {
        let standard = Endpoint(name: endpoint.name, origin: endpoint.origin, target: endpoint.target)
        endpoint.events = events ?? (fields.isNull("events") ? standard.events : endpoint.events)
        endpoint.match = match ?? (fields.isNull("match") ? standard.match : endpoint.match)
        endpoint.timeout = timeout ?? (fields.isNull("timeout") ? standard.timeout : endpoint.timeout)
        endpoint.connectTimeout = connectTimeout ?? (fields.isNull("connect_timeout") ? standard.connectTimeout : endpoint.connectTimeout)
        endpoint.retry = retry ?? (fields.isNull("retry") ? standard.retry : endpoint.retry)
        endpoint.maximumInFlight = maximumInFlight ?? (fields.isNull("max_in_flight") ? standard.maximumInFlight : endpoint.maximumInFlight)
        endpoint.rateLimit = rateLimit ?? (fields.isNull("rate_limit") ? standard.rateLimit : endpoint.rateLimit)
        endpoint.digest = digest ?? (fields.isNull("digest") ? nil : endpoint.digest)
    }

    private static func inbox(_ fields: Fields) -> String? {
        guard let path = fields.string("inbox") else { return nil }
        let isWellFormed = path.hasPrefix("/") && path.utf8.count <= maximumPathBytes && !path.utf8.contains(0)
        if !isWellFormed || path.split(separator: "/").contains("..") {
            fields.report("inbox", "write the absolute path of a directory on the server, without '..'")
        }
        return path
    }

    private static func events(_ fields: Fields) -> [EventPattern]? {
        guard let patterns = fields.strings("events", limit: maximumEvents) else { return nil }
        if patterns.isEmpty { fields.report("events", "name at least one event, such as response.*") }
        return patterns.compactMap { place, text in
            if let pattern = EventPattern(text) { return pattern }
            let known = EventType.all.map(\.rawValue) + ["response.*", "watch.*", "delivery.*", "endpoint.*"]
            fields.problems.add("\(place)", "no event is called so.\(Suggestion.text(for: text, among: known))")
            return nil
        }
    }

    /// `upstream`, `model`, `status` (one or a list), and metadata either as an object or as `metadata.KEY`, as the configuration file
    /// writes it.
    private static func match(_ members: [JSON.Member], of fields: Fields, known: KnownNames) -> EndpointMatch {
        let dotted = "metadata."
        let own = members.filter { $0.key.hasPrefix(dotted) && $0.key != dotted }
        let match = Fields(
            members.filter { !($0.key.hasPrefix(dotted) && $0.key != dotted) }, at: fields.pointer / "match",
            known: ["upstream", "model", "status", "metadata"], problems: fields.problems
        )
        var metadata = match.metadata("metadata") ?? [:]
        for member in own {
            if let pattern = member.value.string {
                metadata[String(member.key.dropFirst(dotted.count))] = pattern
            } else {
                match.report(member.key, "write a string; '*' stands for any run of characters")
            }
        }
        let upstream = match.string("upstream").flatMap { text in known.upstream(text) { match.report("upstream", $0) } }
        return EndpointMatch(upstream: upstream, model: match.string("model"), metadata: metadata, statuses: statuses(of: match))
    }

    private static func statuses(of match: Fields) -> Set<WatchStatus> {
        let names = EndpointMatch.possibleStatuses.map(\.rawValue)
        let words = match.strings(orOne: "status", limit: names.count) ?? []
        return Set(
            words.compactMap { place, text in
                if let status = EndpointMatch.possibleStatuses.first(where: { $0.rawValue == text }) { return status }
                match.problems.add("\(place)", "an event never leaves a watch in such a status.\(Suggestion.text(for: text, among: names))")
                return nil
            })
    }

    private static func rateLimit(_ fields: Fields) -> RateLimit? {
        guard let text = fields.string("rate_limit") else { return nil }
        guard let limit = RateLimit(text: text) else {
            fields.report("rate_limit", RateLimit.advice)
            return nil
        }
        return limit
    }

    private static func digest(_ fields: Fields) -> Digest? {
        guard let digest = fields.object("digest", known: ["window", "max"]) else { return nil }
        return Digest(
            window: digest.duration("window", in: Digest.windows) ?? Digest.defaultWindow,
            maximum: digest.integer("max", in: Digest.maximums) ?? Digest.defaultMaximum)
    }

    private static func retry(_ fields: Fields) -> RetryPolicy? {
        guard let retry = fields.object("retry", known: retryNames) else { return nil }
        let jitter = retry.number("jitter", in: 0...1)
        let schedule =
            retry.strings("schedule", limit: maximumRetries)?.compactMap { place, text in
                if let wait = Duration(text: text), retryWaits.contains(wait) { return wait }
                fields.problems.add(
                    "\(place)", "write a duration from \(retryWaits.lowerBound.text) to \(retryWaits.upperBound.text), such as 5s, 5m or 2h"
                )
                return nil
            } as [Duration]?
        let standard = RetryPolicy()
        return RetryPolicy(schedule: schedule ?? standard.schedule, jitter: jitter ?? standard.jitter)
    }
}
