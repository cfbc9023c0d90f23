package import RingbackCore

/// The figures of a ``WatchEngine`` at one moment.
package struct WatchEngineSnapshot: Sendable, Hashable {
    /// What an open watch is counted under.
    package struct Kind: Sendable, Hashable {
        /// `stream`: asked for or open; `none`: its upstream is not configured.
        package let following: Watch.Following
        package let status: WatchStatus

        package init(following: Watch.Following, status: WatchStatus) {
            self.following = following
            self.status = status
        }
    }

    package var watches: [Kind: Int] = [:]
    /// Endings that are not on disk yet; these watches are counted in no other number.
    package var unwrittenEndings = 0
    package var upstreams: [UpstreamSnapshot] = []
    package var totals: WatchTotals
    /// How long the engine took to be at work when something was due, in seconds.
    package var delays: Histogram
    /// The store did not take the last change.
    package var storeIsFailing: Bool
    /// Bytes of final responses that wait for the disk.
    package var heldBytes: Int

    package init(totals: WatchTotals, delays: Histogram, storeIsFailing: Bool, heldBytes: Int) {
        self.totals = totals
        self.delays = delays
        self.storeIsFailing = storeIsFailing
        self.heldBytes = heldBytes
    }

    /// Open watches that are followed in this way.
    package func count(_ following: Watch.Following) -> Int {
        watches.reduce(0) { $1.key.following == following ? $0 + $1.value : $0 }
    }
}

/// The figures of one upstream.
package struct UpstreamSnapshot: Sendable, Hashable {
    package let name: UpstreamName
    package let health: UpstreamHealth
    /// What is known about its streams; one state for each ``Manner``.
    package let manners: [MannerState]
    /// Streams asked for or open.
    package let streams: Int
    /// GETs under way.
    package let retrievals: Int
    /// Requests that wait for the governors.
    package let waitingRequests: Int
    /// How long the oldest of them has waited.
    package let longestWait: Duration
    /// Entries in the line of the upstream's own credential, those included that nobody wants any more.
    package let lineLength: Int
    /// The rate that the upstream's own credential keeps at the moment: as configured, or less after a 429.
    package let requestsPerSecond: Double
    /// How long the upstream still wants that credential to ask nothing; `nil` when it may ask.
    package let heldFor: Duration?
    package let totals: UpstreamTotals

    package init(
        name: UpstreamName, health: UpstreamHealth, manners: [MannerState], streams: Int, retrievals: Int, waitingRequests: Int,
        longestWait: Duration, lineLength: Int, requestsPerSecond: Double, heldFor: Duration?, totals: UpstreamTotals
    ) {
        self.name = name
        self.health = health
        self.manners = manners
        self.streams = streams
        self.retrievals = retrievals
        self.waitingRequests = waitingRequests
        self.longestWait = longestWait
        self.lineLength = lineLength
        self.requestsPerSecond = requestsPerSecond
        self.heldFor = heldFor
        self.totals = totals
    }
}

/// Counts since the engine was made; they only grow.
package struct WatchTotals: Sendable, Hashable {
    package var claimed = 0
    package var streams = 0
    package var retrievals = 0
    /// By the status the watch ended with.
    package var endings: [WatchStatus: Int] = [:]

    package init() {}
}

/// What is known of a followed watch before it is written back.
package struct FollowingProgress: Sendable, Hashable {
    package let sequenceNumber: Int64?
    package let following: Watch.Following
    package let status: WatchStatus
    /// Stream events since this process follows the watch.
    package let eventCount: Int

    package init(sequenceNumber: Int64?, following: Watch.Following, status: WatchStatus, eventCount: Int) {
        self.sequenceNumber = sequenceNumber
        self.following = following
        self.status = status
        self.eventCount = eventCount
    }
}
