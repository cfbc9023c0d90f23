import RingbackCore
import Store

/// What is written to listeners, in the form of server-sent events (WHATWG HTML, section 9.2).
enum FeedFrame {
    /// The rest of the feed is as if the listener had just come: what it knows may be out of date.
    enum ResetReason: String, Sendable {
        /// The place is not of this process: Ringback was restarted.
        case restarted
        /// More changed since than is remembered, or the listener takes it too slowly.
        case tooFarBehind = "too_far_behind"
    }

    static let mediaType = "text/event-stream"
    /// Tells a browser how long to wait before it comes back, in milliseconds.
    static let opening = Array("retry: 2000\n\n".utf8)
    /// A comment: clients pass over it.
    static let heartbeat = Array(": still here\n\n".utf8)

    /// A change: the object as the API shows it everywhere else.
    static func change(_ change: Change) throws -> [UInt8] {
        switch change.object {
        case .watch(let watch): make("watch", at: change.mark, data: try APICoding.encode(WatchObject(watch)))
        case .event(let event): make("event", at: change.mark, data: try APICoding.encode(EventObject(event)))
        case .delivery(let delivery): make("delivery", at: change.mark, data: try APICoding.encode(DeliveryObject(delivery)))
        }
    }

    /// From here on nothing is left out.
    static func ready(_ mark: ChangeMark) -> [UInt8] {
        make("ready", at: mark, data: Array(#"{"object":"stream"}"#.utf8))
    }

    static func reset(_ mark: ChangeMark, _ reason: ResetReason) -> [UInt8] {
        make("reset", at: mark, data: Array(#"{"object":"stream","reason":"\#(reason.rawValue)"}"#.utf8))
    }

    /// - Parameter data: One line; JSON as it is encoded here has no others.
    private static func make(_ event: String, at mark: ChangeMark, data: [UInt8]) -> [UInt8] {
        Array("id: \(mark.text)\nevent: \(event)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}
