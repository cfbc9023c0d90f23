import Hummingbird
import RawJSON
import RingbackCore

extension SandboxRoutes {
    func create(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumRequestBytes)
        let call: CreateRequest
        let script: Script
        do {
            call = try CreateRequest(json: Array(body.readableBytesView), user: user(of: request))
            script = try Script(metadata: call.metadata)
        } catch let error as InvalidCreateRequest {
            return answers.refusal(Refusal(400, error.message, code: error.code))
        } catch let error as InvalidScript {
            return answers.refusal(Refusal(400, error.description, code: "invalid_value"))
        }
        if let refusal = refusal(of: call) { return answers.refusal(refusal) }
        if script.failsBeforeID { return failure(streaming: call.stream) }
        let key = dialect.honoursIdempotencyKeys ? header("Idempotency-Key", of: request) : nil
        let (response, isNew) = await upstream.create(call, script, idempotencyKey: key)
        if isNew && call.webhook != nil { webhooks?.follow(response) }
        if call.stream && !answersJSON(call) { return answers.events(ResponseEvents(upstream: upstream, response: response, first: 0)) }
        if call.background {
            return answers.json(response.document(now: await upstream.now()), status: dialect.answers.created)
        }
        guard let ended = try await upstream.ended(response.id) else { return answers.unknown(response.id) }
        return answers.json(ended.document(now: await upstream.now()))
    }

    /// Why this vendor does not take the call.
    private func refusal(of call: CreateRequest) -> Refusal? {
        if call.background, call.store == false, let refusal = dialect.calls.backgroundNeedsStore { return refusal }
        if call.background, call.stream, case .refused(let refusal) = dialect.streams.atCreation { return refusal }
        // Vendors that do not know the parameter pass it over.
        if dialect.calls.webhooks, call.webhook != nil {
            if !call.background { return Refusal(400, "'webhook_url' needs background: true.", param: "webhook_url") }
            if webhooks == nil { return Refusal(400, "This sandbox runs without webhooks.", param: "webhook_url") }
        }
        return nil
    }

    private func answersJSON(_ call: CreateRequest) -> Bool {
        call.background && dialect.streams.atCreation == .json
    }

    /// The vendor fails before it has an id to give: a stream is one lone `error` event.
    private func failure(streaming: Bool) -> Response {
        let error: JSON = ["code": "server_error", "message": "The sandbox was asked to fail before there is a response."]
        guard streaming else {
            return answers.refusal(Refusal(500, error["message"]?.string ?? "", code: "server_error"))
        }
        let text = StreamText.event("error", 0, StreamText.error(error, dialect.streams.errorEvent), dialect.streams)
        return answers.event(text)
    }
}
