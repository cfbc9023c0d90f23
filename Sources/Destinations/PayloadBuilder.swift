import RawJSON
package import RingbackCore
package import Store

/// Makes the bodies of notifications (contract, sections 6 and 8).
///
/// What an upstream said is embedded byte for byte: numbers keep their digits, and white space and escapes stay as they were.
package enum PayloadBuilder {
    /// OpenAI's webhook envelope around the event's own small `data`, such as `{"id":"resp_1"}`.
    package static func thin(_ event: Event) -> [UInt8] {
        JSON.object(envelope(event, data: event.data)).bytes
    }

    /// The envelope around the whole response object; see ``data(of:response:)`` for when there is none.
    package static func full(_ event: Event, response: [UInt8]?) -> [UInt8] {
        JSON.object(envelope(event, data: data(of: event, response: response))).bytes
    }

    /// What stands where a response object belongs: the object, or else the event's own small `data`.
    ///
    /// The end of a response never looks whole when its object is missing: `omitted` says why. An event whose object was too large says so
    /// from its birth, with the sizes; here those are found out whose object was kept until its retention had passed.
    static func data(of event: Event, response: [UInt8]?) -> [UInt8] {
        if let response { return response }
        guard TerminalStatus.allCases.contains(where: { $0.eventType == event.type }), let own = members(event.data),
            !own.contains(where: { $0.key == "omitted" })
        else { return event.data }
        return JSON.object(own + [JSON.Member("omitted", ["reason": "expired"])]).bytes
    }

    private static func members(_ data: [UInt8]) -> [JSON.Member]? {
        do {
            return try JSON(parsing: data).members
        } catch {
            // Ringback wrote it; if it is damaged all the same, it goes out as it is.
            return nil
        }
    }

    /// The content of a file in an inbox: the full payload, and in `ringback` what a script may want to know beside it; then a newline.
    package static func inboxFile(_ job: DeliveryJob) -> [UInt8] {
        let metadata = job.metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        let ringback: JSON = [
            "watch": optional(job.event.watch?.rawValue),
            "delivery": .string(job.delivery.id.rawValue),
            "upstream": optional(job.event.upstream?.rawValue),
            "metadata": .object(metadata),
        ]
        let data = data(of: job.event, response: job.response)
        let members = envelope(job.event, data: data) + [JSON.Member("ringback", ringback)]
        return JSON.object(members).bytes + "\n".utf8
    }

    /// The first bytes of every payload of an event, by which a file is recognized as that event's.
    static func beginning(_ event: Event) -> [UInt8] {
        Array(JSON.object(Array(envelope(event, data: []).prefix(2))).bytes.dropLast())
    }

    private static func envelope(_ event: Event, data: [UInt8]) -> [JSON.Member] {
        [
            JSON.Member("id", .string(event.id.rawValue)),
            JSON.Member("object", "event"),
            JSON.Member("created_at", .integer(event.createdAt.unixSeconds)),
            JSON.Member("type", .string(event.type.rawValue)),
            JSON.Member("data", .raw(data)),
        ]
    }

    private static func optional(_ text: String?) -> JSON {
        text.map { .string($0) } ?? .null
    }
}
