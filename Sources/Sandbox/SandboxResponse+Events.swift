import RawJSON
import RingbackCore

extension SandboxResponse {
    /// The event with this `sequence_number` as it goes over the wire; `nil` when the dialect says nothing at that point.
    func wireText(ofEvent sequenceNumber: Int) -> String? {
        let entry = timeline.entries[sequenceNumber]
        guard let (type, members) = event(entry) else { return nil }
        let data = JSON.object(
            [.init("type", .string(type)), .init("sequence_number", .integer(Int64(sequenceNumber)))] + members)
        return (dialect.hasEventLines ? "event: \(type)\n" : "") + "data: \(data.text)\n\n"
    }

    /// The type of an event and its members besides `type` and `sequence_number`.
    private func event(_ entry: Timeline.Entry) -> (type: String, members: [JSON.Member])? {
        func whole(_ offset: Duration) -> [JSON.Member] { [.init("response", document(at: offset))] }
        switch entry.step {
        case .queued: return ("response.queued", whole(.zero - .milliseconds(1)))
        case .created: return ("response.created", whole(.zero - .milliseconds(1)))
        case .inProgress: return ("response.in_progress", whole(entry.offset))
        case .itemAdded: return ("response.output_item.added", item("in_progress", text: nil))
        case .partAdded: return ("response.content_part.added", place + [.init("part", ResponseDocument.part(""))])
        case .delta(let piece):
            return ("response.output_text.delta", place + [.init("delta", text(piece)), .init("logprobs", [])])
        case .textDone:
            return ("response.output_text.done", place + [.init("text", text(output.indices)), .init("logprobs", [])])
        case .partDone: return ("response.content_part.done", place + [.init("part", ResponseDocument.part(wholeText))])
        case .itemDone: return ("response.output_item.done", item("completed", text: wholeText))
        case .end(.cancelled) where dialect.cancelledStream != .event: return nil
        case .end(.incomplete) where dialect.namesIncompleteCompleted: return ("response.completed", whole(entry.offset))
        case .end(let status): return ("response.\(status.rawValue)", whole(entry.offset))
        }
    }

    private var wholeText: String { String(decoding: output, as: UTF8.self) }

    private func text(_ piece: Range<Int>) -> JSON { .string(String(decoding: output[piece], as: UTF8.self)) }

    /// Where in the output a text event belongs.
    private var place: [JSON.Member] {
        [.init("output_index", 0), .init("content_index", 0), .init("item_id", .string(messageID))]
    }

    private func item(_ status: String, text: String?) -> [JSON.Member] {
        [.init("output_index", 0), .init("item", ResponseDocument.message(id: messageID, status: status, text: text))]
    }
}
