import ResponsesAPI
import RingbackCore
import Store

/// Sends past events to one endpoint: those it would have got by its settings as they are now.
///
/// It works in pieces, each a search beside the writer and a small change. A crash in the middle leaves the deliveries made so far; repeating
/// it with `missing_only` makes the others.
struct Replay {
    private static let pieceSize = 100

    let store: any Store
    let endpoint: Endpoint
    let request: ReplayRequest

    func run(now: Timestamp) async throws -> ReplayObject {
        var result = ReplayObject()
        var cursor = request.piece.cursor
        while true {
            let candidates = try await store.replayCandidates(
                for: endpoint.name, since: request.since, until: request.until, after: cursor, limit: Self.pieceSize)
            var chosen: [EventID] = []
            for candidate in candidates where try await isMeant(candidate) { chosen.append(candidate.event.id) }
            result.matched += chosen.count
            if !request.dryRun, !chosen.isEmpty {
                result.created += try await store.replay(chosen, to: endpoint.name, missingOnly: request.missingOnly, now: now)
            }
            cursor = candidates.last?.cursor
            guard candidates.count == Self.pieceSize else { return result }
            if let limit = request.piece.limit, result.matched >= limit {
                result.nextCursor = cursor?.text
                return result
            }
        }
    }

    private func isMeant(_ candidate: ReplayCandidate) async throws -> Bool {
        guard !request.missingOnly || candidate.isMissing else { return false }
        let patterns = request.types ?? endpoint.events
        guard patterns.contains(where: { $0.matches(candidate.event.type) }) else { return false }
        guard let watch = candidate.watch else { return true }
        guard endpoint.match.admits(candidate.event.type.statusItLeaves) else { return false }
        // A watch that names its endpoints notifies nobody else.
        guard watch.endpoints.isEmpty else { return watch.endpoints.contains(endpoint.name) }
        let metadata = try await metadata(of: candidate, watch)
        return endpoint.match.holds(upstream: watch.upstream, model: watch.model, metadata: metadata)
    }

    /// The watch's metadata and, below it, the response's own, which is only read where a filter asks for it.
    private func metadata(of candidate: ReplayCandidate, _ watch: Watch) async throws -> [String: String] {
        let isEnough = endpoint.match.metadata.keys.allSatisfy { watch.metadata[$0] != nil }
        guard !isEnough, let body = try await store.response(of: candidate.event.id) else { return watch.metadata }
        // A kept response that cannot be read has no metadata; it was taken as it came.
        guard let response = ResponseObject(json: body) else { return watch.metadata }
        return response.metadata.merging(watch.metadata) { _, own in own }
    }
}

extension EventType {
    /// The status in which an event of this type left its watch; `in_progress` for those that end nothing.
    fileprivate var statusItLeaves: WatchStatus {
        for prefix in ["response.", "watch."] where rawValue.hasPrefix(prefix) {
            if let status = WatchStatus(rawValue: String(rawValue.dropFirst(prefix.count))) { return status }
        }
        return .inProgress
    }
}

extension ReplayCandidate {
    /// Whether the endpoint never got the event, and nothing is on its way.
    fileprivate var isMissing: Bool {
        switch status {
        case nil, .dead, .abandoned: true
        case .pending, .delivering, .delivered: false
        }
    }
}
