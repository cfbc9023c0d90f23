package import RingbackCore

/// How one chat, ticket or mail system wants a notification: one YAML file, described in this directory's README.
///
/// A value without any effect: it makes requests (``PresetRenderer``), judges answers (``AnswerJudge``) and says what comes next
/// (``PresetFlow``). Sending is somebody else's.
package struct Preset: Sendable, Hashable {
    package enum Transport: String, Sendable, Hashable, CaseIterable {
        case http
        case smtp
    }

    package let name: String
    /// For people: "Slack (incoming webhook)".
    package let title: String
    /// What to do before it works, in a sentence or two.
    package let help: String?
    package let transport: Transport
    package let identity: RepeatProtection
    package let proof: SuccessProof
    package let parameters: [PresetParameter]
    package let key: KeyRule?
    package let pace: Pace?
    package let fields: [PresetField]
    /// By kind. Of `smtp` there are none: its message is made of the fields.
    package let requests: [RequestKind: PresetRequest]
    package let outcomes: [String: OutcomeRule]
    package let answers: [AnswerRule]
    package let retryHints: [RetryHint]

    package init(
        name: String, title: String, help: String?, transport: Transport, identity: RepeatProtection, proof: SuccessProof,
        parameters: [PresetParameter], key: KeyRule?, pace: Pace?, fields: [PresetField], requests: [RequestKind: PresetRequest],
        outcomes: [String: OutcomeRule], answers: [AnswerRule], retryHints: [RetryHint]
    ) {
        self.name = name
        self.title = title
        self.help = help
        self.transport = transport
        self.identity = identity
        self.proof = proof
        self.parameters = parameters
        self.key = key
        self.pace = pace
        self.fields = fields
        self.requests = requests
        self.outcomes = outcomes
        self.answers = answers
        self.retryHints = retryHints
    }

    /// Whether several events can be one message: not where there is one ticket or alert for each response.
    package var takesDigests: Bool {
        !requests.keys.contains { kind in
            switch kind {
            case .search, .check, .comment, .close: true
            case .create, .update: false
            }
        }
    }

    /// Its own parameters and those that every preset has.
    package var allParameters: [PresetParameter] { parameters + PresetParameter.common }
}

/// What is sent for what purpose.
package enum RequestKind: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Looks for what an earlier attempt may have made.
    case search
    /// Looks whether a comment is there that an earlier attempt may have made.
    case check
    case create
    /// Changes what is there into the new state.
    case update
    /// Adds to what is there.
    case comment
    /// Ends what is there.
    case close

    /// Whether it only looks.
    package var changesNothing: Bool { self == .search || self == .check }

    package static func < (left: RequestKind, right: RequestKind) -> Bool {
        left.place < right.place
    }

    /// In the order in which a response's life can need them.
    private var place: Int {
        switch self {
        case .search: 0
        case .create: 1
        case .update: 2
        case .check: 3
        case .comment: 4
        case .close: 5
        }
    }
}

/// How often a destination may be written to, by all endpoints that write to it.
package struct Pace: Sendable, Hashable {
    package let rate: RateLimit
    /// Which parameters name the destination, such as the channel.
    package let parameters: [String]

    package init(rate: RateLimit, parameters: [String]) {
        self.rate = rate
        self.parameters = parameters
    }
}

/// What is sent for an outcome: where nothing is there yet, and where something is.
package struct OutcomeRule: Sendable, Hashable {
    /// `nil`: nothing is sent.
    package let first: RequestKind?
    /// In order; empty: nothing is sent.
    package let later: [RequestKind]
    /// What goes after the first one, about what that made.
    package let then: [RequestKind]

    package init(first: RequestKind?, then: [RequestKind] = [], later: [RequestKind]) {
        self.first = first
        self.then = then
        self.later = later
    }
}

/// A text of the preset: a template, how its values are made harmless, and how long it may get.
package struct PresetField: Sendable, Hashable {
    package let name: String
    package let template: Template
    package let escape: Escape
    package let limit: TextLimit?
    package let isOneLine: Bool

    package init(name: String, template: Template, escape: Escape, limit: TextLimit?, isOneLine: Bool) {
        self.name = name
        self.template = template
        self.escape = escape
        self.limit = limit
        self.isOneLine = isOneLine
    }
}

/// One request of a preset.
package struct PresetRequest: Sendable, Hashable {
    package struct Body: Sendable, Hashable {
        package let encoding: BodyEncoding
        package let template: BodyTemplate

        package init(_ encoding: BodyEncoding, _ template: BodyTemplate) {
            self.encoding = encoding
            self.template = template
        }
    }

    package struct Named: Sendable, Hashable {
        package let name: String
        package let template: Template

        package init(_ name: String, _ template: Template) {
            self.name = name
            self.template = template
        }
    }

    package struct Basic: Sendable, Hashable {
        package let username: Template
        package let password: Template

        package init(username: Template, password: Template) {
            self.username = username
            self.password = password
        }
    }

    package let method: String
    package let url: Template
    package let query: [Named]
    package let headers: [Named]
    package let basic: Basic?
    package let body: Body?
    /// Of the whole body, in bytes.
    package let limit: Int?
    /// Judged before the preset's own.
    package let answers: [AnswerRule]
    package let captures: [Capture]
    /// Of a search: what its answer has to hold. Some systems answer a search they do not understand with everything they have.
    package let confirmation: Template?

    package init(
        method: String, url: Template, query: [Named], headers: [Named], basic: Basic?, body: Body?, limit: Int?, answers: [AnswerRule],
        captures: [Capture], confirmation: Template? = nil
    ) {
        self.method = method
        self.url = url
        self.query = query
        self.headers = headers
        self.basic = basic
        self.body = body
        self.limit = limit
        self.answers = answers
        self.captures = captures
        self.confirmation = confirmation
    }

    package var templates: [Template] {
        let single = [url, basic?.username, basic?.password, confirmation].compactMap { $0 }
        return single + (query + headers).map(\.template) + (body?.template.templates ?? [])
    }
}
