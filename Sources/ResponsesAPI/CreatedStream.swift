import EventStream
import RawJSON
import RingbackCore

/// Reads the beginning of the stream that a create answers, until it is known which response it is about.
package struct CreatedStream: Sendable {
    package enum Finding: Sendable, Hashable {
        /// The first event that names a response. The id is as the vendor wrote it, and not checked.
        case response(id: String, model: String?)
        /// An `error` event, or an end, before any id: nothing was created.
        case error
        /// A line or an event is over its bound: the rest says nothing any more.
        case unreadable
    }

    private var parser = EventStreamParser()

    package init() {}

    /// Takes the next piece of the stream, cut anywhere.
    ///
    /// - Returns: What it revealed, if anything. Not to be called after that.
    package mutating func receive(_ bytes: Span<UInt8>) -> Finding? {
        var finding: Finding?
        do {
            try Self.read(bytes, &parser, &finding)
        } catch {
            return finding ?? .unreadable
        }
        return finding
    }

    private static func read(
        _ bytes: Span<UInt8>, _ parser: inout EventStreamParser, _ finding: inout Finding?
    ) throws(EventStreamError) {
        try parser.receive(bytes) { type, data, _ in
            guard finding == nil else { return }
            let members = EventMembers(data)
            if let response = response(members, in: data) {
                finding = response
            } else if EventKind(members, type: type, data: data).speaksOfAnEnd {
                finding = .error
            }
        }
    }

    private static func response(_ members: EventMembers, in data: Span<UInt8>) -> Finding? {
        guard let response = members.response, response.kind == .object else { return nil }
        do {
            let fields = try JSONText.members(["id", "model"], of: response, in: data)
            guard let id = fields["id"]?.string(in: data) else { return nil }
            return .response(id: id, model: fields["model"]?.string(in: data))
        } catch {
            // It was read as a part of the whole before: it cannot turn out to be something else now.
            return nil
        }
    }
}
