/// The type of an event, such as `response.completed`.
package struct EventType: Sendable, Hashable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package var description: String { rawValue }

    package static let responseCompleted = EventType("response.completed")
    package static let responseFailed = EventType("response.failed")
    package static let responseIncomplete = EventType("response.incomplete")
    package static let responseCancelled = EventType("response.cancelled")
    package static let responseQueued = EventType("response.queued")
    package static let responseInProgress = EventType("response.in_progress")
    package static let responseRequiresAction = EventType("response.requires_action")
    package static let watchStalled = EventType("watch.stalled")
    package static let watchLost = EventType("watch.lost")
    package static let watchExpired = EventType("watch.expired")
    package static let deliveryDead = EventType("delivery.dead")
    package static let endpointDisabled = EventType("endpoint.disabled")
    package static let endpointRecovered = EventType("endpoint.recovered")
    package static let ringbackTest = EventType("ringback.test")

    /// Every type Ringback can emit, for the configuration's checks and documents.
    package static let all: [EventType] = [
        .responseCompleted, .responseFailed, .responseIncomplete, .responseCancelled,
        .responseQueued, .responseInProgress, .responseRequiresAction,
        .watchStalled, .watchLost, .watchExpired, .deliveryDead, .endpointDisabled, .endpointRecovered, .ringbackTest,
    ]

    /// Whether it tells of a response that goes on. Who asks for `response.*` means the outcome: these are asked for by their own names or by
    /// `*`, and are written only when somebody does.
    package var isProgress: Bool { RunningStatus.allCases.contains { $0.eventType == self } }

    /// Whether it tells how a response ended (contract, section 1).
    package var isTerminal: Bool { TerminalStatus.allCases.contains { $0.eventType == self } }
}

/// One fact about a watch, written once (contract, sections 1 and 5).
package struct Event: Sendable, Hashable {
    package let id: EventID
    package let type: EventType
    package let createdAt: Timestamp
    /// The watch it is about; `nil` for facts about endpoints and for tests.
    package let watch: WatchID?
    package let upstream: UpstreamName?
    package let response: ResponseID?
    /// The thin `data` object as JSON text, for example `{"id":"resp_1"}`.
    package let data: [UInt8]

    package init(
        id: EventID, type: EventType, createdAt: Timestamp, watch: WatchID?, upstream: UpstreamName?, response: ResponseID?, data: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.createdAt = createdAt
        self.watch = watch
        self.upstream = upstream
        self.response = response
        self.data = data
    }
}
