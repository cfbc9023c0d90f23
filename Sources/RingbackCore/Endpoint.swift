/// Where notifications go (contract, sections 1 and 4, `endpoints`).
package struct Endpoint: Sendable, Hashable {
    package enum Origin: String, Sendable, Hashable {
        /// From the configuration file: the operator's own, read-only for the API.
        case configuration
        /// Made by the API; lives in the store.
        case api
        /// Given with one watch.
        case callback
    }

    package enum Target: Sendable, Hashable {
        case webhook(WebhookTarget)
        case inbox(InboxTarget)
        case preset(PresetTarget)
        case command(CommandTarget)
    }

    package var name: EndpointName
    package var origin: Origin
    package var target: Target
    package var events: [EventPattern]
    package var match: EndpointMatch
    package var retry: RetryPolicy
    /// Whole attempt.
    package var timeout: Duration
    package var connectTimeout: Duration
    /// Attempts under way at once; 1 or more.
    package var maximumInFlight: Int
    /// How many deliveries it takes in a time; `nil` for as many as it answers.
    package var rateLimit: RateLimit?
    /// Several deliveries in one message; `nil`: one message each.
    package var digest: Digest?
    package var isEnabled: Bool
    /// Why it is disabled, for people; `nil` while enabled.
    package var disabledReason: String?

    package init(
        name: EndpointName,
        origin: Origin,
        target: Target,
        events: [EventPattern] = [.responses],
        match: EndpointMatch = EndpointMatch(),
        retry: RetryPolicy = RetryPolicy(),
        timeout: Duration = .seconds(15),
        connectTimeout: Duration = .seconds(5),
        maximumInFlight: Int = 16,
        rateLimit: RateLimit? = nil,
        digest: Digest? = nil,
        isEnabled: Bool = true,
        disabledReason: String? = nil
    ) {
        self.name = name
        self.origin = origin
        self.target = target
        self.events = events
        self.match = match
        self.retry = retry
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.maximumInFlight = maximumInFlight
        self.rateLimit = rateLimit
        self.digest = digest
        self.isEnabled = isEnabled
        self.disabledReason = disabledReason
    }
}

/// The form of a callback's body (contract, section 6).
package enum PayloadForm: String, Sendable, Hashable, CaseIterable, Codable {
    /// OpenAI's webhook envelope with only the response's id.
    case thin
    /// The envelope with the whole response object.
    case full
    /// CloudEvents 1.0 in structured mode: one JSON object with the event's attributes and the response object as `data`.
    case cloudEvents = "cloudevents"
    /// CloudEvents 1.0 in binary mode: the attributes as `ce-` headers, and the response object alone as the body.
    case cloudEventsBinary = "cloudevents-binary"
}

/// A URL that gets signed `POST`s.
package struct WebhookTarget: Sendable, Hashable {
    package var url: String
    /// The keys that sign, newest first; none means unsigned.
    package var secrets: [SigningSecret]
    /// Signs as GitHub's webhooks do, beside ``secrets``; `nil`: no such signature.
    package var hubSecret: Secret?
    package var payload: PayloadForm
    package var headers: [HeaderField]
    /// PEM file with the certificate authorities to trust instead of the system's.
    package var caFile: String?
    /// The client certificate, for receivers that ask for one.
    package var certificate: ClientCertificate?
    /// How an access token for the receiver is got; it goes with every callback.
    package var credentials: ClientCredentials?
    /// When set, the receiver is asked for its consent before the first callback.
    package var handshake: WebhookHandshake?
    /// Which way everything that is sent to the receiver takes, and to those who speak for it.
    package var proxy: ProxyRule

    package init(
        url: String, secrets: [SigningSecret], hubSecret: Secret? = nil, payload: PayloadForm = .thin, headers: [HeaderField] = [],
        caFile: String? = nil,
        certificate: ClientCertificate? = nil, credentials: ClientCredentials? = nil, handshake: WebhookHandshake? = nil,
        proxy: ProxyRule = .standard
    ) {
        self.url = url
        self.secrets = secrets
        self.hubSecret = hubSecret
        self.payload = payload
        self.headers = headers
        self.caFile = caFile
        self.certificate = certificate
        self.credentials = credentials
        self.handshake = handshake
        self.proxy = proxy
    }
}

/// A `whsec_` or `whsk_` secret and, after a rotation, the time until which it still signs.
package struct SigningSecret: Sendable, Hashable {
    package var secret: Secret
    package var expiresAt: Timestamp?

    package init(_ secret: Secret, expiresAt: Timestamp? = nil) {
        self.secret = secret
        self.expiresAt = expiresAt
    }
}

/// A directory that scripts read (contract, section 8).
package struct InboxTarget: Sendable, Hashable {
    package var directory: String
    /// Also write a `.txt` with the output text beside each file.
    package var outputText: Bool
    /// With so many files in `new` deliveries wait until some are taken away; `nil`: no limit.
    package var maximumFiles: Int?
    /// Who gets the files, and the directories that Ringback makes; `nil`: as Ringback's process makes them.
    package var ownership: FileOwnership

    package init(
        directory: String, outputText: Bool = false, maximumFiles: Int? = nil, ownership: FileOwnership = FileOwnership()
    ) {
        self.directory = directory
        self.outputText = outputText
        self.maximumFiles = maximumFiles
        self.ownership = ownership
    }
}

/// A pattern over event types: a whole type, a prefix that ends in `.*`, or `*` for everything. A prefix leaves out the events that tell of
/// progress (``EventType/isProgress``).
package struct EventPattern: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// What an endpoint gets unless it says otherwise: `response.*`.
    package static let responses = EventPattern(trusted: "response.*")

    private init(trusted text: String) {
        self.text = text
    }

    /// - Returns: `nil` when no event type Ringback emits could match.
    package init?(_ text: String) {
        self.text = text
        guard EventType.all.contains(where: matches) else { return nil }
    }

    package func matches(_ type: EventType) -> Bool {
        if text == "*" { return true }
        guard text.hasSuffix(".*") else { return type.rawValue == text }
        return type.rawValue.hasPrefix(text.dropLast()) && !type.isProgress
    }

    package var description: String { text }
}
