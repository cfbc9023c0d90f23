import HTTPTypes
import NIOCore
import ResponsesAPI
import RingbackCore
import Store
import Transport

// Looking at one response, as an object or as a stream.
extension RelayRoutes {
    /// Asks the upstream, and the store when the upstream no longer has what is finished: that does not change any more.
    func retrieve(_ id: ResponseID, _ relay: RelayCall) async throws -> Answer {
        let watch = try await watch(id, relay)
        let silence = relay.asksForStream ? RelayLimits.patientSilence : RelayLimits.promptSilence
        var relayed: RelayAnswer
        do {
            relayed = try await sent(relay.request(watch: watch, silence: silence), relay)
        } catch let failure as TransferFailure {
            if let kept = try await kept(watch, relay) { return kept }
            throw Problem(failure, upstream: relay.upstream.name)
        }
        if Self.meansGone(relayed.head), let kept = try await kept(watch, relay) {
            relayed.pipe.abandon()
            return kept
        }
        if relayed.head.status == HTTPResponse.Status.badRequest.code, let kept = try await kept(watch, relay) {
            // Some vendors refuse an id they do not know as they refuse anything else: only the words tell.
            (relayed.opening, relayed.isWhole) = try await refusal(relayed, relay)
            if relayed.isWhole, UnknownResponse.isMeant(by: Array(relayed.opening.readableBytesView)) { return kept }
        }
        return relayed.answer(for: relay.call, time: dependencies.time)
    }

    private func refusal(_ relayed: RelayAnswer, _ relay: RelayCall) async throws -> (bytes: ByteBuffer, isWhole: Bool) {
        do {
            return try await relayed.pipe.lent(to: relay.call.client, time: dependencies.time) {
                try await relayed.pipe.collect(upTo: RelayLimits.refusalBytes)
            }
        } catch let failure as TransferFailure {
            throw Problem(failure, upstream: relay.upstream.name)
        }
    }

    /// The finished response from the store, in the form that was asked for, if there is one to serve.
    private func kept(_ watch: Watch?, _ relay: RelayCall) async throws -> Answer? {
        guard let watch, let body = try await dependencies.store.response(of: watch.id),
            try await !dependencies.store.isResponseWithheld(of: watch.id)
        else { return nil }
        var answer = Answer(status: .ok, headers: [.contentType: "application/json"], body: body)
        if relay.asksForStream, let status = TerminalStatus(rawValue: watch.status.rawValue) {
            let after = relay.parameter("starting_after").flatMap { Int64($0) }
            answer.headers[.contentType] = "text/event-stream; charset=utf-8"
            answer.body = Self.terminalEvent(status, of: body, number: max(watch.sequenceNumber ?? 0, (after ?? -1) + 1))
        }
        if let name = Self.sourceHeader { answer.headers[name] = "store" }
        return answer
    }

    /// The one event a stream of a finished response consists of (contract, section 2).
    private static func terminalEvent(_ status: TerminalStatus, of response: [UInt8], number: Int64) -> [UInt8] {
        let type = status.eventType.rawValue
        var event = Array("event: \(type)\ndata: {\"type\":\"\(type)\",\"sequence_number\":\(number),\"response\":".utf8)
        for byte in response {
            switch byte {
            // Between JSON's tokens line breaks are white space, and within its texts there are none; in the event they would end the data.
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): event.append(UInt8(ascii: " "))
            default: event.append(byte)
            }
        }
        return event + Array("}\n\n".utf8)
    }
}
