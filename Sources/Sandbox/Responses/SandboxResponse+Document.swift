import RawJSON
import RingbackCore

extension SandboxResponse {
    /// The response object as it is now.
    ///
    /// - Parameter id: Where it is not the usual one.
    func document(now: Moment, id: String? = nil) -> JSON {
        document(at: now - start, id: id)
    }

    /// The response object as it is so long after its creation.
    func document(at offset: Duration, id: String? = nil) -> JSON {
        let end = end(at: offset)
        let text = shownText(at: offset, end: end)
        var members: [JSON.Member] = [
            .init("id", .string(id ?? shownID)), .init("object", "response"), .init("created_at", time(createdAt)),
            .init("status", .string(status(at: offset))), .init("background", .bool(saysBackground(end: end))),
            .init("completed_at", end == .completed ? life.end.map { time(createdAt + $0.offset) } ?? .null : .null),
            .init("error", end == .failed ? failure : .null),
            .init("incomplete_details", end == .incomplete ? ["reason": "max_output_tokens"] : .null),
            .init("model", .string(request.model)), .init("output", .array(text.isEmpty ? [] : [item(end: end, text: text)])),
        ]
        members += ResponseDocument.settings(request.settings)
        if dialect.objects.hasOutputText { members.append(.init("output_text", .string(text))) }
        let usage = end.map { _ in ResponseDocument.usage(inputTokens: 12, outputTokens: Int64(max(1, text.utf8.count / 4))) }
        members.append(.init("usage", usage ?? .null))
        let metadata = request.metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        members.append(.init("metadata", .object(metadata)))
        members.removeAll { dialect.objects.missing.contains($0.key) }
        if let only = dialect.objects.only { members.removeAll { !only.contains($0.key) } }
        return .object(members)
    }

    /// The word for what the response is doing.
    func status(at offset: Duration) -> String {
        let word = end(at: offset)?.rawValue ?? runningStatus(at: offset)
        return dialect.objects.words[word] ?? word
    }

    private func runningStatus(at offset: Duration) -> String {
        if let word = script.runningStatus { return word }
        if let moment = script.requiresActionAfter, offset >= moment { return "requires_action" }
        guard request.background, dialect.objects.startsQueued else { return "in_progress" }
        return life.hasBegun(at: offset) && !dialect.objects.staysQueued ? "in_progress" : "queued"
    }

    /// The error of a failed response.
    var failure: JSON {
        if script.outcome != .failed, let limit = dialect.longestRun {
            return ["code": "server_error", "message": .string("The response took longer than \(limit.text).")]
        }
        return ["code": "server_error", "message": "The sandbox was asked to fail this response."]
    }

    private func shownText(at offset: Duration, end: TerminalStatus?) -> String {
        if end == nil && dialect.objects.output == .comesAtTheEnd { return "" }
        if end == .cancelled && dialect.objects.losesOutputOnCancel { return "" }
        return String(decoding: output.prefix(life.outputBytes(at: offset)), as: UTF8.self)
    }

    private func saysBackground(end: TerminalStatus?) -> Bool {
        switch end {
        case nil: request.background && !dialect.objects.deniesBackground.contains(.whileRunning)
        case .cancelled: request.background && !dialect.objects.deniesBackground.contains(.whenCancelled)
        case .completed, .failed, .incomplete: request.background
        }
    }

    private func item(end: TerminalStatus?, text: String) -> JSON {
        let status = end == .completed ? "completed" : end == nil ? "in_progress" : "incomplete"
        return ResponseDocument.message(id: messageID, status: status, text: text)
    }

    private func time(_ timestamp: Timestamp) -> JSON {
        dialect.objects.hasFractionalTimes ? .decimal(Double(timestamp.milliseconds) / 1000) : .integer(timestamp.unixSeconds)
    }
}
