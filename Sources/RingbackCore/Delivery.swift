/// One event for one endpoint (contract, sections 1 and 5).
package struct Delivery: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable, Codable {
        case pending
        case delivering
        case delivered
        case dead
        case abandoned
    }

    package let id: DeliveryID
    package let event: EventID
    package let eventType: EventType
    package let endpoint: EndpointName
    package let watch: WatchID?
    package let response: ResponseID?
    package var status: Status
    /// Attempts made since the delivery was created or last redriven: the place on the retry schedule.
    package var attempts: Int
    /// Attempts made in all; the number of the last one on record.
    package var attemptsInAll: Int
    package var nextAttemptAt: Timestamp?
    package var deadReason: DeadReason?
    package let createdAt: Timestamp
    package var deliveredAt: Timestamp?
    package var updatedAt: Timestamp

    package init(
        id: DeliveryID, event: EventID, eventType: EventType, endpoint: EndpointName, watch: WatchID?, response: ResponseID?,
        status: Status,
        attempts: Int, attemptsInAll: Int, nextAttemptAt: Timestamp?, deadReason: DeadReason?, createdAt: Timestamp,
        deliveredAt: Timestamp?,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.event = event
        self.eventType = eventType
        self.endpoint = endpoint
        self.watch = watch
        self.response = response
        self.status = status
        self.attempts = attempts
        self.attemptsInAll = attemptsInAll
        self.nextAttemptAt = nextAttemptAt
        self.deadReason = deadReason
        self.createdAt = createdAt
        self.deliveredAt = deliveredAt
        self.updatedAt = updatedAt
    }
}

/// Why a delivery was given up. A closed list: fit for filters and metrics.
package enum DeadReason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The retry schedule is used up.
    case exhausted
    /// The receiver answered 4xx three times (408, 425 and 429 apart), or a command failed as often.
    case rejected
    /// The receiver asked for no more: `webhook-delivery: abort-message`.
    case refused
    /// The receiver answered 410.
    case gone
    /// The endpoint no longer exists.
    case endpointRemoved = "endpoint_removed"
    /// The payload cannot be made: no attempt could ever succeed.
    case unrenderable
    /// Nobody can tell whether it arrived, and the endpoint says `on_ambiguous: give_up`.
    case ambiguous
}

/// One try at a delivery, as it is kept on record (contract, section 5).
package struct Attempt: Sendable, Hashable {
    package enum Outcome: String, Sendable, Hashable, Codable {
        case succeeded
        case failed
    }

    /// What is kept of the receiver's body: contract, section 5.
    package static let keptBodyBytes = 16 * 1024

    /// From 1, over the delivery's whole life.
    package let number: Int
    package let startedAt: Timestamp
    package let outcome: Outcome
    package let httpStatus: Int?
    package let error: AttemptError?
    /// A sentence for people beside the label; holds no secret, no body and no query string.
    package let detail: String?
    package let retryAfter: Duration?
    package let responseHeaders: [ResponseHeader]
    /// The first ``keptBodyBytes`` of the body.
    package let responseBody: [UInt8]
    package let timing: AttemptTiming
    /// The IP address that was reached, the path of the file that was written, or the program that was run. By a proxy that was given a name: `nil`.
    package let address: String?
    /// The proxy it went by, without credentials.
    package let proxy: String?
    /// Of a chat, ticket or mail system; `nil` for webhooks and inboxes.
    package let sink: SinkEvidence?

    package init(
        number: Int, startedAt: Timestamp, outcome: Outcome, httpStatus: Int?, error: AttemptError?, detail: String?, retryAfter: Duration?,
        responseHeaders: [ResponseHeader], responseBody: [UInt8], timing: AttemptTiming, address: String?, proxy: String? = nil,
        sink: SinkEvidence? = nil
    ) {
        self.number = number
        self.startedAt = startedAt
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.error = error
        self.detail = detail
        self.retryAfter = retryAfter
        self.responseHeaders = responseHeaders
        self.responseBody = responseBody
        self.timing = timing
        self.address = address
        self.proxy = proxy
        self.sink = sink
    }
}

/// One header line of a receiver's answer.
package struct ResponseHeader: Sendable, Hashable, Codable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How long the phases of an attempt took; `nil` where a phase did not happen.
package struct AttemptTiming: Sendable, Hashable {
    package var dns: Duration?
    package var connect: Duration?
    package var tls: Duration?
    package var firstByte: Duration?
    package var total: Duration?

    package init(dns: Duration? = nil, connect: Duration? = nil, tls: Duration? = nil, firstByte: Duration? = nil, total: Duration? = nil) {
        self.dns = dns
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
        self.total = total
    }
}

/// The closed list of what can go wrong with an attempt, and whose trouble it is.
package enum AttemptError: String, Sendable, Hashable, CaseIterable, Codable {
    // The receiver's answer.
    case httpStatus = "http_status"
    case redirect
    /// The receiver did not consent to callbacks when it was asked.
    case handshakeRefused = "handshake_refused"
    /// No access token was got for the receiver.
    case authorization
    /// The system's answer says no, whatever its status says.
    case systemRefused = "system_refused"
    /// The payload cannot be made.
    case unrenderable
    // The way to the receiver.
    case nameNotFound = "name_not_found"
    case connectionRefused = "connection_refused"
    case connectTimeout = "connect_timeout"
    case timeout
    case connectionLost = "connection_lost"
    case tls
    case protocolViolation = "protocol_violation"
    case answerTooLarge = "answer_too_large"
    /// The guard refused the address.
    case addressRefused = "address_refused"
    // The inbox directory.
    case noSpace = "no_space"
    case directoryMissing = "directory_missing"
    case permission
    case fileSystem = "file_system"
    // The command.
    /// It exited with 75, by which programs ask to be tried again (`EX_TEMPFAIL` of sysexits.h).
    case commandDeferred = "command_deferred"
    /// It exited with another code than 0 and 75.
    case commandFailed = "command_failed"
    /// A signal ended it.
    case commandKilled = "command_killed"
    /// It is not there, or may not be run.
    case commandNotStarted = "command_not_started"
    /// The inbox holds as many files as it may: nothing was tried, and its deliveries wait until there is room.
    case inboxFull = "inbox_full"
    // Our own trouble: never uses up an attempt.
    case internalTrouble = "internal"
    /// The proxy that callbacks go by was not reached, refused us, or opened no way to the receiver.
    case proxy
    /// No name server answered.
    case resolver

    /// Whether the trouble is Ringback's own (its proxy, its resolver, its memory, its descriptors), or nothing was tried: such an
    /// attempt is not counted.
    package var isOurOwn: Bool {
        switch self {
        case .internalTrouble, .proxy, .resolver, .inboxFull: true
        case .httpStatus, .redirect, .handshakeRefused, .authorization, .nameNotFound, .connectionRefused, .connectTimeout, .timeout,
            .connectionLost, .tls, .protocolViolation, .answerTooLarge, .addressRefused, .noSpace, .directoryMissing, .permission,
            .fileSystem, .commandDeferred, .commandFailed, .commandKilled, .commandNotStarted, .systemRefused, .unrenderable:
            false
        }
    }

    /// Whether the trouble is the receiver's, or on the way to it: only such a failure moves a circuit breaker, or counts among the failures
    /// that disable an endpoint. Those of this machine do not, and neither do those of which nobody can tell whose they are:
    ///
    /// - A name that does not resolve: the receiver's name is gone, or, where a stranger named it, its name server does not answer. It takes
    ///   its place on the schedule, so that a delivery to a name that is gone comes to an end.
    /// - What the guard refused was never sent.
    /// - A token that was not got counts: the token server stands on the receiver's side, and is spared by waiting like the receiver.
    /// - A command that fails speaks for what it works with; one that cannot be started is the operator's to mend.
    /// - An inbox is on a disk of this machine. Waiting spares nobody; the schedule is enough.
    package var isTheReceivers: Bool {
        switch self {
        case .httpStatus, .systemRefused, .redirect, .handshakeRefused, .authorization, .connectionRefused, .connectTimeout, .timeout,
            .connectionLost, .tls, .protocolViolation, .answerTooLarge, .commandDeferred, .commandFailed, .commandKilled:
            true
        case .nameNotFound, .addressRefused, .noSpace, .directoryMissing, .permission, .fileSystem, .commandNotStarted, .inboxFull,
            .internalTrouble, .unrenderable, .proxy,
            .resolver:
            false
        }
    }
}
