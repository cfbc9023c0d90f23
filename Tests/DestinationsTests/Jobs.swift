import Foundation
import RingbackCore
import Store

/// Deliveries as the sender would hand them to a destination.
enum Jobs {
    static let createdAt = Timestamp(milliseconds: 1_795_414_328_123)  // 2026-11-23T06:12:08.123Z

    static func job(
        response id: String? = "resp_abc123", upstream: String = "default", type: EventType = .responseCompleted, body: [UInt8]? = nil,
        metadata: [String: String] = [:]
    ) throws -> DeliveryJob {
        let upstream = UpstreamName(trusted: upstream)
        let response = id.map { ResponseID(trusted: $0) }
        let eventID = response.map { EventID(upstream: upstream, response: $0, type: type) } ?? EventID(type: type, occasion: "test")
        let event = Event(
            id: eventID, type: type, createdAt: createdAt, watch: response.map { WatchID(upstream: upstream, response: $0) },
            upstream: response.map { _ in upstream }, response: response,
            data: Array(try id.map { try JSONEncoder().encode(["id": $0]) } ?? Data(#"{"endpoint":"scripts"}"#.utf8)))
        let endpoint = EndpointName(trusted: "scripts")
        let delivery = Delivery(
            id: DeliveryID(event: eventID, endpoint: endpoint), event: eventID, eventType: type, endpoint: endpoint, watch: event.watch,
            response: response, status: .delivering, attempts: 0, attemptsInAll: 0, nextAttemptAt: nil, deadReason: nil,
            createdAt: createdAt,
            deliveredAt: nil, updatedAt: createdAt)
        return DeliveryJob(
            delivery: delivery, lease: Lease(node: NodeID("node"), epoch: 1), leasedUntil: createdAt + .seconds(60), event: event,
            response: body, metadata: metadata, callback: nil)
    }

    /// A response object with everything that a parser and printer would change: white space, escapes, digits, key order, duplicate keys.
    static let oddResponse = Array(
        #"""
        {  "status" : "completed","id":"resp_abc123",
        	"x": 1.10, "y": 1E+2, "big": 12345678901234567890, "u": "\u00e9\/é\ud83d\ude80", "z": [ ], "x": null,
          "output": [{"type":"message","content":[{"type":"output_text","text":"Hello,\nworld 🚀"},{"type":"output_text","text":"!"}]}] }
        """#.utf8)
}
