import RawJSON
import RingbackCore

extension SandboxResponse {
    /// Where a stream stands that has told everything before one event.
    enum StreamPosition: Sendable {
        /// The event has happened: this is its text. With `nil` the vendor says nothing of it.
        case tells(String?)
        case waits(until: Moment)
        /// The connection breaks.
        case breaks
        /// There is no such event.
        case isOver
    }

    func streamPosition(before sequenceNumber: Int, now: Moment) -> StreamPosition {
        guard told.entries.indices.contains(sequenceNumber) else { return .isOver }
        let entry = told.entries[sequenceNumber]
        let moment = start + entry.offset
        if moment > now { return .waits(until: moment) }
        return entry.step == .restart ? .breaks : .tells(wireText(of: entry, sequenceNumber))
    }

    private func wireText(of entry: Timeline.Entry, _ sequenceNumber: Int) -> String? {
        if entry.step == .end(.cancelled) && !wasForced {
            switch dialect.streams.cancelled {
            case .event: break
            case .end, .silence: return nil
            case .madeUpFailure: return madeUpFailure(sequenceNumber)
            }
        }
        let (type, members) = event(entry)
        return StreamText.event(type, sequenceNumber, members, dialect.streams)
    }

    /// The type of an event and its members besides `type` and `sequence_number`.
    private func event(_ entry: Timeline.Entry) -> (type: String, members: [JSON.Member]) {
        func whole(_ offset: Duration) -> [JSON.Member] { [.init("response", document(at: offset))] }
        switch entry.step {
        case .queued: return ("response.queued", whole(.zero - .milliseconds(1)))
        case .created: return ("response.created", whole(.zero - .milliseconds(1)))
        case .inProgress: return ("response.in_progress", whole(entry.offset))
        case .extra(let type): return (type, [])
        case .roundDone:
            // The round is completed, a response within the response; a GET goes on saying that the whole is not.
            let members = (document(at: entry.offset, id: shownID + "r1").members ?? []).map {
                $0.key == "status" ? .init("status", "completed") : $0
            }
            return ("response.completed", [.init("response", .object(members))])
        case .itemAdded: return ("response.output_item.added", item("in_progress", text: nil))
        case .partAdded: return ("response.content_part.added", place + [.init("part", ResponseDocument.part(""))])
        case .delta(let piece): return ("response.output_text.delta", place + [.init("delta", text(piece)), .init("logprobs", [])])
        case .textDone: return ("response.output_text.done", place + [.init("text", text(output.indices)), .init("logprobs", [])])
        case .partDone: return ("response.content_part.done", place + [.init("part", ResponseDocument.part(wholeText))])
        case .itemDone: return ("response.output_item.done", item("completed", text: wholeText))
        case .keepAlive: return ("keepalive", [.init("model", .string(request.model))])
        case .restart: preconditionFailure("a restart breaks the stream instead of telling something")
        case .end(.failed): return failed(whole(entry.offset))
        case .end(.incomplete): return (dialect.streams.incompleteEvent, whole(entry.offset))
        // A run that had to be killed failed, as far as its stream is concerned; the status knows better.
        case .end(.cancelled) where wasForced: return ("response.failed", whole(entry.offset))
        case .end(let status): return ("response.\(status.rawValue)", whole(entry.offset))
        }
    }

    private func failed(_ whole: [JSON.Member]) -> (type: String, members: [JSON.Member]) {
        switch script.endsWithError ? .error : dialect.streams.failed {
        case .response: ("response.failed", whole)
        case .bareResponse: ("response.failed", [.init("error", failure)])
        case .error: ("error", StreamText.error(failure, dialect.streams.errorEvent))
        }
    }

    private func madeUpFailure(_ sequenceNumber: Int) -> String {
        let message: JSON = "The upstream closed the responses stream before any terminal event."
        let response: JSON = [
            "id": .string(shownID), "object": "response", "status": "failed",
            "error": ["code": "server_error", "message": message], "output": [],
        ]
        // This one has an `event:` line where the others of the same stream have none.
        var streams = dialect.streams
        streams.hasEventLines = true
        return StreamText.event("response.failed", sequenceNumber, [.init("response", response)], streams)
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
