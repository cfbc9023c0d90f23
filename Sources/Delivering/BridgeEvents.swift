import RawJSON
import RingbackCore
import Store

/// The events the sender itself raises (contract, section 6, bridge events).
enum BridgeEvents {
    /// `delivery.dead`, once per death.
    ///
    /// - Parameter attempt: The number of the attempt the delivery died with; a redriven delivery can die again under a higher one.
    /// - Returns: `nil` for a delivery that is itself such a notice: a dead notice about a dead notice would never end.
    static func death(of job: DeliveryJob, reason: DeadReason, attempt: Int, now: Timestamp) -> Event? {
        let delivery = job.delivery
        guard delivery.eventType != .deliveryDead else { return nil }
        var data: [JSON.Member] = [
            JSON.Member("id", .string(delivery.id.rawValue)),
            JSON.Member("event", .string(delivery.event.rawValue)),
            JSON.Member("endpoint", .string(delivery.endpoint.rawValue)),
            JSON.Member("reason", .string(reason.rawValue)),
        ]
        if let response = delivery.response { data.append(JSON.Member("response_id", .string(response.rawValue))) }
        return Event(
            id: EventID(type: .deliveryDead, occasion: "\(delivery.id):\(attempt)"), type: .deliveryDead, createdAt: now,
            watch: delivery.watch, upstream: job.event.upstream, response: delivery.response, data: JSON.object(data).bytes)
    }

    /// `endpoint.recovered`, once per time of trouble.
    ///
    /// - Parameter from: When its circuit breaker tripped first, or when it was disabled.
    static func recovery(of endpoint: EndpointName, from: Timestamp, now: Timestamp) -> Event {
        let data: JSON = [
            "id": .string(endpoint.rawValue), "endpoint": .string(endpoint.rawValue), "troubled_since": .string(from.rfc3339),
        ]
        return Event(
            id: EventID(type: .endpointRecovered, occasion: "\(endpoint):\(from.milliseconds)"), type: .endpointRecovered, createdAt: now,
            watch: nil, upstream: nil, response: nil, data: data.bytes)
    }

    /// `endpoint.disabled`, once per answer that asked for it.
    static func disabling(of endpoint: EndpointName, cause: DisablingCause, by job: DeliveryJob, attempt: Int, now: Timestamp) -> Event {
        let data: JSON = [
            "id": .string(endpoint.rawValue), "endpoint": .string(endpoint.rawValue), "reason": .string(cause.reason),
        ]
        return Event(
            id: EventID(type: .endpointDisabled, occasion: "\(job.delivery.id):\(attempt)"), type: .endpointDisabled, createdAt: now,
            watch: nil, upstream: nil, response: nil, data: data.bytes)
    }
}
