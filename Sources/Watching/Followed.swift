import RingbackCore
import Spans
import Store
import Transport

/// One watch in the engine's table. Belongs to the engine's loop.
final class Followed {
    /// A request of this watch, from its place in the governor's line to the last word of its transfer. Belongs to the engine's loop.
    final class Request {
        let token: RequestToken
        /// In whose line it waits, or waited.
        let governor: CredentialGovernor
        /// A stream's leave to be asked for.
        let pass: StreamPass?
        /// Whether the pass was given back.
        var isPassReleased = false
        /// `nil` while it waits for its turn.
        var sentAt: Moment?
        /// `nil` while it waits for its turn.
        var transfer: TransferID?

        init(token: RequestToken, governor: CredentialGovernor, pass: StreamPass? = nil) {
            self.token = token
            self.governor = governor
            self.pass = pass
        }
    }

    let watch: Watch
    let lease: Lease
    var machine: WatchMachine
    /// `nil` while no upstream of that name is configured.
    var upstream: FollowedUpstream?
    /// The credential its calls are made with, under the upstream's settings of that generation.
    var credential: (key: CredentialKey, generation: Int)?
    var stream: Request?
    var retrieval: Request?
    /// Whether any request was made, by this process or an earlier one: the first one of a watch goes before the others. After a restart
    /// thousands are taken up again at once; they must not stand before those that are really new.
    var hasAsked: Bool
    /// The last GET's answer was too large to be held: the next one may take its time.
    var hasHeavyAnswers = false
    /// Whether a stream was asked for by this process.
    var hasStreamed = false
    /// Events of all streams so far.
    var eventCount = 0
    var model: String?
    /// What went wrong last; for people.
    var lastError: String?
    /// Whether something was learned that is not written back yet.
    var isDirty = false
    /// The deadline that is entered in the queue.
    var scheduled: Moment?
    /// What ended the watch, until it is on disk.
    var ending: Fact?
    /// From its claim until it is let go; `nil` when nobody wants spans.
    var span: OpenSpan?
    /// From ``ending`` until that is on disk.
    var recording: OpenSpan?
    /// How the watch was followed when that was last noted for the store.
    var notedFollowing: Watch.Following

    init(_ claimed: ClaimedWatch, machine: WatchMachine) {
        watch = claimed.watch
        lease = claimed.lease
        model = claimed.watch.model
        lastError = claimed.watch.lastError
        notedFollowing = claimed.watch.following
        hasAsked = claimed.watch.following != .none
        self.machine = machine
    }

    var id: WatchID { watch.id }

    /// When the machine wants to be asked again.
    var deadline: Moment? { machine.deadline(under: upstream?.pace ?? .parked) }

    /// Whether the watch had ended as cancelled when it was claimed: it is there only to be looked at once more.
    var isSecondLook: Bool { watch.status == .cancelled }

    /// Whether the watch is still held in the store under this node's lease.
    var holdsLease: Bool { machine.state != .ended || ending != nil }

    /// The headers of calls about it.
    var headers: [HeaderField] { watch.headers(in: span?.context ?? watch.trace) }

    /// The request of that name, unless it was given up meanwhile.
    func request(_ token: RequestToken) -> Request? {
        if stream?.token == token { return stream }
        return retrieval?.token == token ? retrieval : nil
    }
}

/// Tells the requests of one engine apart, so that a late word of an old request is not taken for one of its successor.
struct RequestToken: Sendable, Hashable {
    let rawValue: UInt64
}

/// A request that waits for the governor.
struct Ask: Sendable {
    enum Kind: Sendable {
        case stream
        case retrieval
    }

    let watch: WatchID
    let token: RequestToken
    let kind: Kind
}
