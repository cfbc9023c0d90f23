import RingbackCore

/// An endpoint of the API as it is kept, secrets included. Durations are in milliseconds, times in milliseconds since 1970.
///
/// A field that is added later is optional, so that older rows stay readable.
struct StoredEndpoint: Codable {
    struct Webhook: Codable {
        let url: String
        let secrets: [SigningKey]
        let payload: PayloadForm
        let headers: [StoredHeader]
        let caFile: String?
        let handshake: Handshake?
        let hubSecret: String?
    }

    struct Handshake: Codable {
        let origin: String
        let rate: Int?
    }

    struct SigningKey: Codable {
        let secret: String
        let expiresAt: Int64?
    }

    struct Inbox: Codable {
        let directory: String
        let outputText: Bool
        let maximumFiles: Int?
    }

    struct Preset: Codable {
        let preset: String
        let with: [Parameter]
        let pace: String?
        let destination: String?
    }

    struct Parameter: Codable {
        let name: String
        let value: String
        let isSecret: Bool
    }

    enum Target: Codable {
        case webhook(Webhook)
        case inbox(Inbox)
        case preset(Preset)
    }

    struct Match: Codable {
        let upstream: String?
        let model: String?
        let metadata: [String: String]
        var statuses: [WatchStatus]?
    }

    struct DigestRule: Codable {
        let window: Int64
        let maximum: Int
    }

    let name: String
    let target: Target
    let events: [String]
    let match: Match
    let retrySchedule: [Int64]
    let retryJitter: Double
    let timeout: Int64
    let connectTimeout: Int64
    let maximumInFlight: Int
    let rateLimit: String?
    let digest: DigestRule?
    let isEnabled: Bool
    let disabledReason: String?

    init(_ endpoint: Endpoint) {
        name = endpoint.name.rawValue
        target = Target(endpoint.target)
        events = endpoint.events.map(\.text)
        match = Match(
            upstream: endpoint.match.upstream?.rawValue, model: endpoint.match.model, metadata: endpoint.match.metadata,
            statuses: endpoint.match.statusList)
        retrySchedule = endpoint.retry.schedule.map(\.wholeMilliseconds)
        retryJitter = endpoint.retry.jitter
        timeout = endpoint.timeout.wholeMilliseconds
        connectTimeout = endpoint.connectTimeout.wholeMilliseconds
        maximumInFlight = endpoint.maximumInFlight
        rateLimit = endpoint.rateLimit?.text
        digest = endpoint.digest.map { DigestRule(window: $0.window.wholeMilliseconds, maximum: $0.maximum) }
        isEnabled = endpoint.isEnabled
        disabledReason = endpoint.disabledReason
    }

    /// The endpoint; its origin is the API, since no other endpoints are kept in the store.
    var endpoint: Endpoint {
        Endpoint(
            name: EndpointName(trusted: name),
            origin: .api,
            target: target.target,
            // A pattern that no longer matches any event type asks for nothing.
            events: events.compactMap { EventPattern($0) },
            match: EndpointMatch(
                upstream: match.upstream.map { UpstreamName(trusted: $0) }, model: match.model, metadata: match.metadata,
                statuses: Set(match.statuses ?? [])),
            retry: RetryPolicy(schedule: retrySchedule.map { .milliseconds($0) }, jitter: retryJitter),
            timeout: .milliseconds(timeout),
            connectTimeout: .milliseconds(connectTimeout),
            maximumInFlight: maximumInFlight,
            rateLimit: rateLimit.flatMap { RateLimit(text: $0) },
            digest: digest.map { Digest(window: .milliseconds($0.window), maximum: $0.maximum) },
            isEnabled: isEnabled,
            disabledReason: disabledReason
        )
    }
}

extension StoredEndpoint.Target {
    fileprivate init(_ target: Endpoint.Target) {
        switch target {
        case .webhook(let webhook):
            self = .webhook(
                StoredEndpoint.Webhook(
                    url: webhook.url,
                    secrets: webhook.secrets.map { .init(secret: $0.secret.reveal(), expiresAt: $0.expiresAt?.milliseconds) },
                    payload: webhook.payload,
                    headers: webhook.headers.map { StoredHeader($0) },
                    caFile: webhook.caFile,
                    handshake: webhook.handshake.map { .init(origin: $0.origin, rate: $0.requestedRate) },
                    hubSecret: webhook.hubSecret?.reveal()
                )
            )
        case .command:
            preconditionFailure("a command is named by the configuration file only, and what that says is never stored")
        case .inbox(let inbox):
            self = .inbox(StoredEndpoint.Inbox(directory: inbox.directory, outputText: inbox.outputText, maximumFiles: inbox.maximumFiles))
        case .preset(let target):
            self = .preset(
                StoredEndpoint.Preset(
                    preset: target.preset,
                    with: target.parameters.map { .init(name: $0.name, value: $0.value.reveal(), isSecret: $0.isSecret) },
                    pace: target.pace?.text, destination: target.destination))
        }
    }

    fileprivate var target: Endpoint.Target {
        switch self {
        case .webhook(let webhook):
            .webhook(
                WebhookTarget(
                    url: webhook.url,
                    secrets: webhook.secrets.map {
                        SigningSecret(Secret($0.secret), expiresAt: $0.expiresAt.map { Timestamp(milliseconds: $0) })
                    },
                    hubSecret: webhook.hubSecret.map { Secret($0) },
                    payload: webhook.payload,
                    headers: webhook.headers.map(\.header),
                    caFile: webhook.caFile,
                    // What was checked when it was stored passes again.
                    handshake: webhook.handshake.flatMap { try? WebhookHandshake(origin: $0.origin, requestedRate: $0.rate) }
                )
            )
        case .inbox(let inbox):
            .inbox(InboxTarget(directory: inbox.directory, outputText: inbox.outputText, maximumFiles: inbox.maximumFiles))
        case .preset(let preset):
            .preset(
                PresetTarget(
                    preset: preset.preset,
                    parameters: preset.with.map { .init(name: $0.name, value: Secret($0.value), isSecret: $0.isSecret) },
                    pace: preset.pace.flatMap { RateLimit(text: $0) }, destination: preset.destination))
        }
    }
}
