import RawJSON
import RingbackCore

extension SandboxResponse {
    /// The response object as it is now.
    func document(now: Moment) -> JSON {
        document(at: now - start)
    }

    /// The response object as it is so long after its creation.
    func document(at offset: Duration) -> JSON {
        let end = timeline.end(at: offset)
        let text = String(decoding: output.prefix(timeline.outputBytes(at: offset)), as: UTF8.self)
        var members: [JSON.Member] = [
            .init("id", .string(id)), .init("object", "response"), .init("created_at", time(createdAt)),
            .init("status", .string(status(at: offset, end: end))), .init("background", .bool(request.background)),
            .init("completed_at", end == .completed ? timeline.entries.last.map { time(createdAt + $0.offset) } ?? .null : .null),
            .init("error", end == .failed ? Self.failure : .null),
            .init("incomplete_details", end == .incomplete ? ["reason": "max_output_tokens"] : .null),
            .init("model", .string(request.model)), .init("output", .array(text.isEmpty ? [] : [item(end: end, text: text)])),
        ]
        members += ResponseDocument.settings(request.settings)
        let usage = end.map { _ in ResponseDocument.usage(inputTokens: 12, outputTokens: Int64(max(1, text.utf8.count / 4))) }
        members.append(.init("usage", usage ?? .null))
        let metadata = request.metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        members.append(.init("metadata", .object(metadata)))
        return .object(members)
    }

    static let failure: JSON = ["code": "server_error", "message": "The sandbox was asked to fail this response."]

    private func item(end: TerminalStatus?, text: String) -> JSON {
        let status = end == .completed ? "completed" : end == nil ? "in_progress" : "incomplete"
        return ResponseDocument.message(id: messageID, status: status, text: text)
    }

    private func status(at offset: Duration, end: TerminalStatus?) -> String {
        if let end { return end.rawValue }
        guard request.background else { return "in_progress" }
        let hasBegun = timeline.entries[..<timeline.eventCount(at: offset)].contains { $0.step == .inProgress }
        return hasBegun && !dialect.staysQueued ? "in_progress" : "queued"
    }

    private func time(_ timestamp: Timestamp) -> JSON {
        dialect.hasFloatTimes ? .decimal(Double(timestamp.milliseconds) / 1000) : .integer(timestamp.unixSeconds)
    }
}
