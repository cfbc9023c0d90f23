import NIOCore
import ResponsesAPI
import RingbackCore
import Transport

/// What a background create brought, read as far as is needed to know which response it made.
enum CreateReading: Sendable {
    /// The response's id as the upstream wrote it. A stream goes on after what was read.
    case response(id: String, model: String?, RelayAnswer)
    /// The upstream made none.
    case refused(RelayAnswer)
    /// The upstream took the create, but what was read does not say which response it made.
    case unnamed(RelayAnswer)

    /// - Throws: ``TransferFailure`` when the answer breaks off before that.
    static func read(_ pipe: RelayPipe, now: Timestamp) async throws(TransferFailure) -> CreateReading {
        let head = try await pipe.head()
        let relayed = RelayAnswer(head: head, pipe: pipe)
        guard (200...299).contains(head.status) else { return .refused(relayed) }
        return StreamAnswer(head: head, now: now) == .events ? try await stream(relayed) : try await object(relayed)
    }

    private static func object(_ relayed: RelayAnswer) async throws(TransferFailure) -> CreateReading {
        var relayed = relayed
        (relayed.opening, relayed.isWhole) = try await relayed.pipe.collect(upTo: ResponsesClient.maximumResponseBytes)
        guard relayed.isWhole, let response = ResponseObject(json: Array(relayed.opening.readableBytesView)), let id = response.id else {
            return .unnamed(relayed)
        }
        return .response(id: id, model: response.model, relayed)
    }

    private static func stream(_ relayed: RelayAnswer) async throws(TransferFailure) -> CreateReading {
        var relayed = relayed
        var reader = CreatedStream()
        while relayed.opening.readableBytes <= RelayLimits.openingBytes {
            guard var bytes = try await relayed.pipe.next() else { return .unnamed(relayed) }
            let finding = reader.receive(bytes.readableBytesUInt8Span)
            relayed.opening.writeBuffer(&bytes)
            switch finding {
            case .response(let id, let model): return .response(id: id, model: model, relayed)
            case .error: return .refused(relayed)
            case .unreadable: return .unnamed(relayed)
            case nil: break
            }
        }
        return .unnamed(relayed)
    }
}
