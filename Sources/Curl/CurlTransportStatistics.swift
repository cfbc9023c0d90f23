import Synchronization

/// A glance at one ``CurlTransport``, as old as its loop's last round.
package struct CurlTransportStatistics: Sendable, Hashable {
    /// Transfers that libcurl works on.
    package var active: Int
    /// Transfers that wait for a place.
    package var queued: Int

    package init(active: Int, queued: Int) {
        self.active = active
        self.queued = queued
    }
}

/// Carries the statistics from the loop to whoever asks.
final class TransferCounters: Sendable {
    private let active = Atomic(0)
    private let queued = Atomic(0)

    func publish(_ statistics: CurlTransportStatistics) {
        active.store(statistics.active, ordering: .relaxed)
        queued.store(statistics.queued, ordering: .relaxed)
    }

    var statistics: CurlTransportStatistics {
        CurlTransportStatistics(active: active.load(ordering: .relaxed), queued: queued.load(ordering: .relaxed))
    }
}
