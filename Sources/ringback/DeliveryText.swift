import Control
import RingbackCore

/// Deliveries and attempts as people read them.
enum DeliveryText {
    static func table(_ deliveries: [DeliveryObject]) -> String {
        let now = SystemTime().wallNow
        var table = Table("DELIVERY", "EVENT TYPE", "ENDPOINT", "STATUS", "ATTEMPTS", "NEXT ATTEMPT", "CREATED")
        for delivery in deliveries {
            table.add(
                delivery.id.rawValue, delivery.eventType.rawValue, delivery.endpoint.rawValue, status(delivery), "\(delivery.attempts)",
                ShortTime.text(delivery.nextAttemptAt?.timestamp, now: now), ShortTime.text(delivery.createdAt.timestamp, now: now)
            )
        }
        return table.text()
    }

    static func full(_ delivery: DeliveryObject) -> String {
        var fields = FieldList()
        fields.add("delivery", delivery.id.rawValue)
        fields.add("event", "\(delivery.event) (\(delivery.eventType))")
        fields.add("endpoint", delivery.endpoint.rawValue)
        fields.add("response", delivery.responseID?.rawValue)
        fields.add("status", status(delivery))
        fields.add("created", "\(delivery.createdAt)")
        fields.add("next attempt", delivery.nextAttemptAt?.description)
        fields.add("delivered", delivery.deliveredAt?.description)
        guard let attempts = delivery.attemptLog, let last = attempts.last else { return "\(fields.text())\n\nNo attempts yet." }
        return "\(fields.text())\n\n\(table(attempts))\n\nThe last attempt:\n\(AttemptText.full(last))"
    }

    static func table(_ attempts: [AttemptObject]) -> String {
        let now = SystemTime().wallNow
        var table = Table("#", "STARTED", "OUTCOME", "HTTP", "TOOK", "ADDRESS", "DETAIL")
        for attempt in attempts {
            table.add(
                "\(attempt.number)", ShortTime.text(attempt.startedAt.timestamp, now: now), attempt.outcome.rawValue,
                attempt.httpStatus.map { "\($0)" } ?? "-", attempt.timing.totalMilliseconds.map { "\(Int($0.rounded())) ms" } ?? "-",
                attempt.address ?? "-", [attempt.error?.rawValue, attempt.detail].compactMap { $0 }.joined(separator: ": ")
            )
        }
        return table.text()
    }

    /// What a command says that changed one delivery.
    static func report(_ bytes: [UInt8], output: OutputOptions) throws {
        if output.json {
            Terminal.print(bytes: bytes)
            return
        }
        let delivery = try APIClient.decode(DeliveryObject.self, from: bytes)
        Terminal.print(
            """
            \(Printable.text(delivery.id.rawValue)) to \(Printable.text(delivery.endpoint.rawValue)): \(status(delivery))
            Look: ringback deliveries show \(Printable.text(delivery.id.rawValue))
            """
        )
    }

    private static func status(_ delivery: DeliveryObject) -> String {
        delivery.deadReason.map { "\(delivery.status.rawValue) (\($0.rawValue))" } ?? delivery.status.rawValue
    }
}
