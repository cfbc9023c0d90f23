package import RingbackCore

/// What was found in a store, without a judgement: how it is to be taken depends on what is configured and on whether a server is at work.
package struct StoreReport: Sendable, Hashable {
    /// The schema the file has, and the newest this program knows.
    package var schema: Int
    package var newestSchema: Int
    /// What SQLite says about the file itself; empty when it is whole.
    package var damage: [String] = []
    /// Rows that refer to rows which are not there, by table.
    package var dangling: [String: Int] = [:]
    package var broken: [Broken] = []
    /// Why there is no key to what is sealed; `nil` when there is one.
    package var keyProblem: String?
    /// Those that the API made, with their secrets.
    package var endpoints: [Endpoint] = []
    /// Why endpoints of any origin are disabled.
    package var disabledEndpoints: [EndpointName: String] = [:]
    /// Sealed values that none of the keys opens.
    package var unreadableSecrets = 0
    /// Open watches by the upstream that is to be asked about them.
    package var openWatches: [UpstreamName: OpenWatches] = [:]
    /// Deliveries that wait or are under way, by endpoint.
    package var waiting: [EndpointName: Waiting] = [:]
    /// Open watches held by a node that is not alive.
    package var watchesOfDeadNodes = 0
    /// When the oldest second look at a cancelled response was to be; `nil` when none is overdue.
    package var oldestSecondLook: Timestamp?
    /// The newest events, no older than ``StoreExamination/recentEvents``.
    package var recentEvents: [RecentEvent] = []
    package var space = Space()

    /// An invariant that does not hold.
    package struct Broken: Sendable, Hashable {
        package let invariant: StoreInvariant
        /// Never more than ``StoreExamination/countedOffenders``, however many there are.
        package let count: Int
        /// Ids of the first ones.
        package let examples: [String]
    }

    package struct OpenWatches: Sendable, Hashable {
        package var count: Int
        package var oldest: Timestamp
    }

    package struct Waiting: Sendable, Hashable {
        /// Due or to be due.
        package var count = 0
        package var oldestDue: Timestamp?
        /// The end of the oldest lease.
        package var oldestLease: Timestamp?
    }

    /// An event that concludes a watch, and who has a delivery of it.
    package struct RecentEvent: Sendable, Hashable {
        package let id: EventID
        package let type: EventType
        package let createdAt: Timestamp
        package let upstream: UpstreamName
        package let model: String?
        package let status: WatchStatus
        /// The endpoints the watch names; none means all whose filters match.
        package let named: [EndpointName]
        package let delivered: Set<EndpointName>
    }

    /// How the file's room is used, in bytes.
    package struct Space: Sendable, Hashable {
        package var file = 0
        package var unused = 0
        package var log = 0
        /// Whether what is not used any longer is given back while the store is in use.
        package var shrinks = false

        package init() {}
    }

    package init(schema: Int, newestSchema: Int) {
        self.schema = schema
        self.newestSchema = newestSchema
    }
}
