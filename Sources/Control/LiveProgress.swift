package import RingbackCore

/// What the engine knows about an open watch and has not written back to the store yet.
package struct LiveProgress: Sendable, Hashable {
    package var status: WatchStatus
    package var following: Watch.Following
    package var sequenceNumber: Int64?

    package init(status: WatchStatus, following: Watch.Following, sequenceNumber: Int64?) {
        self.status = status
        self.following = following
        self.sequenceNumber = sequenceNumber
    }
}
