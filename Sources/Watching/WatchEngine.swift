package import Logging
package import RingbackCore
package import Spans
package import Store
package import Transport

/// Follows every open watch this node can claim, from its claim to the transaction that ends it.
///
/// The engine lives on the transport's loop: transfers report to it without a thread switch, and a watch costs an entry in a table, not a
/// task. Deadlines wait in one queue behind one alarm. What has to be written goes through child tasks of ``run()``, so that the loop never
/// waits for a disk. Decisions are ``WatchMachine``'s.
package actor WatchEngine {
    let node: NodeID
    let transport: any Transport
    let store: any Store
    let directory: EndpointDirectory
    let intake: any DeliveryIntake
    let time: any TimeSource
    let dice: Dice
    let logger: Logger
    /// `nil`: nobody wants spans.
    let spans: SpanSource?
    let options: WatchEngineOptions

    var table: [WatchID: Followed] = [:]
    var upstreams: [UpstreamName: FollowedUpstream] = [:]
    var governors = GovernorTable()
    let credentials = CredentialDigest()
    /// What the store knew at the start about upstreams' manners; `nil` until that was read.
    var rememberedManners: [UpstreamName: RememberedManners]?
    /// Upstreams that watches name but nobody configured: each is logged once.
    var unknownUpstreams: Set<UpstreamName> = []

    var deadlines = DeadlineQueue<DeadlineKey>()
    let alarm: Alarm
    /// When the alarm goes off by itself; nobody has to ring for what is later.
    var wakesAt = Moment.distantFuture
    let claimBell: Alarm

    /// Watches with progress that is not written back yet.
    var dirty: [WatchID] = []
    /// Cancelled watches that need no further look, which the store does not know yet.
    var closedLooks: [(id: WatchID, lease: Lease)] = []
    /// Facts on their way to the writers. Bounded by the table: a watch has one ending at most, and each notice once.
    let facts: AsyncStream<Fact>
    let factFeed: AsyncStream<Fact>.Continuation
    /// Bytes of final responses that are not on disk yet.
    var heldBytes = 0
    /// Streams that wait until ``heldBytes`` has shrunk.
    var pausedStreams: [TransferID] = []
    var storeIsFailing = false
    /// Claiming stopped at the limit of watches followed at once.
    var isFull = false

    var requestCount: UInt64 = 0
    var transfersUnderWay = 0
    /// Resumed when the last transfer has ended, at shutdown.
    var drained: CheckedContinuation<Void, Never>?
    var isStopping = false
    var totals = WatchTotals()

    enum DeadlineKey: Sendable {
        case watch(WatchID)
        case governor(CredentialKey)
    }

    /// The transport's loop. The engine holds the transport, and with it the loop, for as long as anything can run here.
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe transport.loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - node: Under whose name watches are claimed. Somebody else announces that it is alive (``Store/heartbeat(_:now:until:)``).
    ///   - intake: Where deliveries go that can be sent at once.
    package init(
        node: NodeID, upstreams: [Upstream], transport: any Transport, store: any Store, directory: EndpointDirectory,
        intake: any DeliveryIntake,
        time: any TimeSource, dice: Dice, logger: Logger, spans: SpanSource? = nil,
        options: WatchEngineOptions = WatchEngineOptions()
    ) {
        self.node = node
        self.transport = transport
        self.store = store
        self.directory = directory
        self.intake = intake
        self.time = time
        self.dice = dice
        self.logger = logger
        self.spans = spans
        self.options = options
        alarm = Alarm(time: time)
        claimBell = Alarm(time: time)
        (facts, factFeed) = AsyncStream.makeStream(of: Fact.self)
        for upstream in upstreams {
            self.upstreams[upstream.name] = FollowedUpstream(upstream, transport: transport, credentials: credentials, remembered: nil)
        }
    }

    /// Follows watches until the task is cancelled. To be called once.
    ///
    /// On cancellation all transfers are ended, progress is written back and the watches are released, so that another process can claim
    /// them at once; it returns when nothing is left.
    package func run() async {
        await recallManners()
        await withTaskGroup(of: Void.self) { writing in
            writing.addTask(executorPreference: transport.loop) { await self.keepWriting() }
            await withTaskGroup(of: Void.self) { keeping in
                keeping.addTask { await self.listenToHints() }
                keeping.addTask { await self.keepClaiming() }
                keeping.addTask { await self.keepSavingProgress() }
                await self.keepTime()
            }
            await self.endTransfers()
            self.factFeed.finish()
        }
        await handBack()
    }

    /// Runs what is due, for as long as the engine runs.
    private func keepTime() async {
        while !Task.isCancelled {
            // While the due work runs nobody has to ring: the next look at the queue comes right after it.
            wakesAt = Moment(nanoseconds: .min)
            fireDue()
            wakesAt = deadlines.earliest ?? .distantFuture
            await alarm.wait(until: deadlines.earliest)
        }
    }

    private func fireDue() {
        let now = time.now
        while let (key, moment) = deadlines.popDue(now) {
            switch key {
            case .watch(let id):
                guard let followed = table[id], followed.scheduled == moment else { continue }
                followed.scheduled = nil
                apply(followed.machine.timerFired(in: circumstances(of: followed)), to: followed)
            case .governor(let key):
                guard let governor = governors[key], governor.wakesAt == moment else { continue }
                governor.wakesAt = nil
                sendRequests(under: governor)
            }
        }
    }

    /// Enters a deadline, and makes sure that somebody wakes up for it.
    func enter(_ key: DeadlineKey, at moment: Moment) {
        if deadlines.count > Self.staleEntriesPerWatch * (table.count + governors.count + 16) { compactDeadlines() }
        deadlines.insert(key, at: moment)
        guard moment < wakesAt else { return }
        wakesAt = moment
        alarm.ring()
    }

    private func compactDeadlines() {
        deadlines.compact { key, moment in
            switch key {
            case .watch(let id): table[id]?.scheduled == moment
            case .governor(let key): governors[key]?.wakesAt == moment
            }
        }
    }

    private static let staleEntriesPerWatch = 4
}
