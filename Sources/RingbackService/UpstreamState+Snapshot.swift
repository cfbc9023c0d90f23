import Control
import RingbackCore
import Watching

extension UpstreamState {
    init(_ snapshot: UpstreamSnapshot, now: Timestamp) {
        func manner(_ manner: Manner) -> UpstreamObject.MannerObject {
            snapshot.manners.first { $0.manner == manner }.map {
                UpstreamObject.MannerObject(value: $0.value, fixed: $0.isFixed, since: $0.since, evidence: $0.evidence)
            } ?? UpstreamObject.MannerObject(value: "unknown")
        }
        self.init(
            health: UpstreamObject.HealthObject(
                status: snapshot.health.isUnauthorized ? .unauthorized : snapshot.health.failuresInARow > 0 ? .failing : .ok,
                failuresInARow: snapshot.health.failuresInARow, lastError: snapshot.health.lastError
            ),
            manners: UpstreamObject.MannersObject(
                stream: manner(.stream), streamUnrequested: manner(.streamUnrequested), resume: manner(.resume),
                streamWindow: manner(.streamWindow)
            ),
            streams: snapshot.streams, retrievals: snapshot.retrievals, waitingRequests: snapshot.waitingRequests,
            longestWait: snapshot.longestWait, requestsPerSecond: snapshot.requestsPerSecond, heldUntil: snapshot.heldFor.map { now + $0 }
        )
    }
}
