package import RingbackCore

/// A delivery as the API shows it (contract, section 5). `attempts` counts them; ``attemptLog`` lists them where one delivery is shown.
package struct DeliveryObject: Codable, Sendable, Hashable {
    package var id: DeliveryID
    package var object = "delivery"
    package var event: EventID
    package var eventType: EventType
    package var endpoint: EndpointName
    @Nullable package var watch: WatchID?
    @Nullable package var responseID: ResponseID?
    package var status: Delivery.Status
    /// Attempts over the delivery's whole life.
    package var attempts: Int
    @Nullable package var nextAttemptAt: APITime?
    @Nullable package var deadReason: DeadReason?
    package var createdAt: APITime
    @Nullable package var deliveredAt: APITime?
    package var updatedAt: APITime
    /// Oldest first; absent in lists.
    package var attemptLog: [AttemptObject]?

    private enum CodingKeys: String, CodingKey {
        case id
        case object
        case event
        case eventType = "event_type"
        case endpoint
        case watch
        case responseID = "response_id"
        case status
        case attempts
        case nextAttemptAt = "next_attempt_at"
        case deadReason = "dead_reason"
        case createdAt = "created_at"
        case deliveredAt = "delivered_at"
        case updatedAt = "updated_at"
        case attemptLog = "attempt_log"
    }
}

extension DeliveryObject {
    package init(_ delivery: Delivery, attempts log: [Attempt]? = nil) {
        id = delivery.id
        event = delivery.event
        eventType = delivery.eventType
        endpoint = delivery.endpoint
        watch = delivery.watch
        responseID = delivery.response
        status = delivery.status
        attempts = delivery.attemptsInAll
        nextAttemptAt = delivery.nextAttemptAt.map { APITime($0) }
        deadReason = delivery.deadReason
        createdAt = APITime(delivery.createdAt)
        deliveredAt = delivery.deliveredAt.map { APITime($0) }
        updatedAt = APITime(delivery.updatedAt)
        attemptLog = log?.map { AttemptObject($0) }
    }
}
