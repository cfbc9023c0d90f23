package import RingbackCore
import WebhookSignature

/// An endpoint as the API shows it. Its secret is part of it once, in the answer to its creation, and never again.
package struct EndpointObject: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, Hashable {
        case webhook
        case inbox
        case preset
        case command
    }

    package struct Match: Codable, Sendable, Hashable {
        @Nullable package var upstream: UpstreamName?
        @Nullable package var model: String?
        package var metadata: [String: String]
        /// Empty: any.
        package var status: [WatchStatus]
    }

    package struct Handshake: Codable, Sendable, Hashable {
        package var origin: String
        @Nullable package var rate: Int?
    }

    /// What signs, without the secret itself.
    package struct Signer: Codable, Sendable, Hashable {
        package enum Scheme: String, Codable, Sendable, Hashable {
            /// HMAC-SHA256 of Standard Webhooks.
            case v1
            /// Ed25519 of Standard Webhooks.
            case v1a
            /// `X-Hub-Signature-256`, as GitHub's webhooks have it.
            case hub
        }

        package var scheme: Scheme
        /// When it stops signing, after a rotation.
        @Nullable package var expiresAt: APITime?

        private enum CodingKeys: String, CodingKey {
            case scheme
            case expiresAt = "expires_at"
        }
    }

    package struct DigestRule: Codable, Sendable, Hashable {
        package var window: String
        package var max: Int
    }

    package struct Retry: Codable, Sendable, Hashable {
        package var schedule: [String]
        package var jitter: Double
    }

    package var name: EndpointName
    package var object = "endpoint"
    package var kind: Kind
    /// `configuration`: read-only for the API. `api`: made by the API.
    package var origin: String
    /// Scheme, host and path: the query may hold a credential.
    @Nullable package var url: String?
    @Nullable package var inbox: String?
    /// With so many files in an inbox its deliveries wait.
    @Nullable package var maxFiles: Int?
    @Nullable package var preset: String?
    /// What the preset was told, without secrets; `null` where there is no preset.
    @Nullable package var with: [String: String]?
    /// The program that is run. Its arguments may hold what is not for everybody who may look at endpoints.
    @Nullable package var command: String?
    package var events: [String]
    package var match: Match
    @Nullable package var payload: PayloadForm?
    /// The names of the headers that go with every callback.
    package var headerNames: [String]
    package var signed: Bool
    /// What signs each callback now, newest first.
    package var signers: [Signer]
    /// Under which name the receiver is asked for its consent; `null` when it is not asked.
    @Nullable package var handshake: Handshake?
    /// The proxy that its callbacks go by, without credentials; `null` when they go straight.
    @Nullable package var proxy: String?
    package var timeout: String
    package var connectTimeout: String
    package var retry: Retry
    package var maxInFlight: Int
    @Nullable package var rateLimit: String?
    /// When several events become one message; `null` for one message each.
    @Nullable package var digest: DigestRule?
    package var enabled: Bool
    @Nullable package var disabledReason: String?
    package var breaker: BreakerObject
    /// Only in the answer to the creation or the rotation for which Ringback made the secret.
    package var secret: String?

    private enum CodingKeys: String, CodingKey {
        case name
        case object
        case kind
        case origin
        case url
        case inbox
        case maxFiles = "max_files"
        case preset
        case with
        case command
        case events
        case match
        case payload
        case headerNames = "header_names"
        case signed
        case signers
        case handshake
        case proxy
        case timeout
        case connectTimeout = "connect_timeout"
        case retry
        case maxInFlight = "max_in_flight"
        case rateLimit = "rate_limit"
        case digest
        case enabled
        case disabledReason = "disabled_reason"
        case breaker
        case secret
    }
}

extension EndpointObject {
    /// - Parameters:
    ///   - breaker: `nil` when it was not sent anything yet.
    ///   - now: Decides which secrets still sign.
    ///   - standardProxy: The proxy for all callbacks, as it is configured now.
    ///   - freshSecret: The secret that was just made for this endpoint, to be shown this one time.
    package init(
        _ endpoint: Endpoint, breaker: BreakerStatus? = nil, now: Timestamp, standardProxy: EgressProxy? = nil, freshSecret: Secret? = nil
    ) {
        name = endpoint.name
        origin = endpoint.origin.rawValue
        // Each kind of target says below what it has of these.
        url = nil
        inbox = nil
        maxFiles = nil
        preset = nil
        with = nil
        command = nil
        payload = nil
        headerNames = []
        signed = false
        signers = []
        handshake = nil
        proxy = nil
        switch endpoint.target {
        case .webhook(let target):
            kind = .webhook
            url = redactedURL(target.url)
            payload = target.payload
            headerNames = target.headers.map(\.name)
            signers = Self.signers(of: target, now: now)
            signed = !signers.isEmpty
            handshake = target.handshake.map { Handshake(origin: $0.origin, rate: $0.requestedRate) }
            proxy = target.proxy.proxy(standard: standardProxy)?.address
        case .command(let target):
            kind = .command
            command = target.arguments.first
        case .inbox(let target):
            kind = .inbox
            inbox = target.directory
            maxFiles = target.maximumFiles
        case .preset(let target):
            kind = .preset
            preset = target.preset
            with = Dictionary(
                target.parameters.filter { !$0.isSecret }.map { ($0.name, $0.value.reveal()) }, uniquingKeysWith: { first, _ in first })
        }
        events = endpoint.events.map(\.text)
        match = Match(
            upstream: endpoint.match.upstream, model: endpoint.match.model, metadata: endpoint.match.metadata,
            status: endpoint.match.statusList)
        timeout = endpoint.timeout.text
        connectTimeout = endpoint.connectTimeout.text
        retry = Retry(schedule: endpoint.retry.schedule.map(\.text), jitter: endpoint.retry.jitter)
        maxInFlight = endpoint.maximumInFlight
        rateLimit = endpoint.rateLimit?.text
        digest = endpoint.digest.map { DigestRule(window: $0.window.text, max: $0.maximum) }
        enabled = endpoint.isEnabled
        disabledReason = endpoint.disabledReason
        self.breaker = BreakerObject(breaker ?? BreakerStatus())
        secret = freshSecret?.reveal()
    }

    private static func signers(of target: WebhookTarget, now: Timestamp) -> [Signer] {
        let standard = target.secrets.filter { $0.signs(at: now) }.map { secret in
            // A key that cannot be read was refused when it was given, so only the two kinds of readable ones are told apart.
            let isAsymmetric = (try? SigningKey(validating: secret.secret))?.publicKey != nil
            return Signer(scheme: isAsymmetric ? .v1a : .v1, expiresAt: secret.expiresAt.map { APITime($0) })
        }
        return standard + (target.hubSecret == nil ? [] : [Signer(scheme: .hub, expiresAt: nil)])
    }
}
