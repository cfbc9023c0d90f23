/// The sender's bounds.
package struct DeliveryEngineOptions: Sendable, Hashable {
    /// Deliveries in hand at once over all endpoints: waiting for a place, being sent, and with an outcome that is being recorded; 1 or more.
    package var maximumInFlightInAll: Int
    /// Deliveries per claim.
    package var claimRows: Int
    /// Endpoints per claim.
    package var claimLanes: Int
    /// How often the store is asked for everything that waits, in case a hint was lost.
    package var lookInterval: Duration
    /// How long running attempts may take to finish once the sender is told to stop (contract, section 11).
    package var drainLimit: Duration
    /// How long an outcome that the store does not take is kept in memory.
    package var recordingPatience: Duration

    package init(
        maximumInFlightInAll: Int = 2_000, claimRows: Int = 500, claimLanes: Int = 100, lookInterval: Duration = .seconds(5),
        drainLimit: Duration = .seconds(25), recordingPatience: Duration = .seconds(24 * 3600)
    ) {
        self.maximumInFlightInAll = max(1, maximumInFlightInAll)
        self.claimRows = max(1, claimRows)
        self.claimLanes = max(1, claimLanes)
        self.lookInterval = lookInterval
        self.drainLimit = drainLimit
        self.recordingPatience = recordingPatience
    }
}
