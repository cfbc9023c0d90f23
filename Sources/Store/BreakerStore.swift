package import RingbackCore

/// What is kept of the endpoints' circuit breakers, so that a restart neither floods a receiver that is down nor forgets for how long it is.
package protocol BreakerStore: Sendable {
    func breakers() async throws(StoreError) -> [EndpointName: BreakerRecord]

    /// Writes a breaker down, unless it was reset meanwhile or a later version of it is there.
    ///
    /// ``EndpointStore/setDisabled(_:reason:now:)`` with no reason resets it: closed, without a history, and what it owes still owed.
    func saveBreaker(_ record: BreakerRecord, of endpoint: EndpointName, now: Timestamp) async throws(StoreError)
}

/// A circuit breaker as it is kept.
package struct BreakerRecord: Sendable, Hashable {
    /// When the next probe may go out; `nil` while it is closed.
    package var openUntil: Timestamp?
    /// When it tripped, or closed last.
    package var since: Timestamp?
    /// How often in a row it waited for a receiver that was not back.
    package var waits: Int
    /// Since when nothing but failures came, and how many.
    package var failingSince: Timestamp?
    package var failures: Int
    /// Since when `endpoint.recovered` is owed; `nil` when it is not.
    package var recoveryOwedSince: Timestamp?
    /// When somebody last enabled the endpoint, whereby the breaker was reset.
    package var resetAt: Timestamp?
    /// Grows with every write, so that an older one that comes late overwrites nothing.
    package var version: Int

    package init(
        openUntil: Timestamp? = nil, since: Timestamp? = nil, waits: Int = 0, failingSince: Timestamp? = nil, failures: Int = 0,
        recoveryOwedSince: Timestamp? = nil, resetAt: Timestamp? = nil, version: Int = 0
    ) {
        self.openUntil = openUntil
        self.since = since
        self.waits = waits
        self.failingSince = failingSince
        self.failures = failures
        self.recoveryOwedSince = recoveryOwedSince
        self.resetAt = resetAt
        self.version = version
    }
}
