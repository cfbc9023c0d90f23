package import RingbackCore

/// What is worth telling about a watch that goes on.
extension WatchMachine {
    package enum Notice: Sendable, Hashable {
        /// The upstream said so for the first time.
        case running(RunningStatus)
        /// There was no progress for long.
        case stalled

        static let all = RunningStatus.allCases.map { Notice.running($0) } + [.stalled]
    }

    /// Hands out what is worth telling and was not told yet, in a sensible order. Each notice comes once in a machine's life; across
    /// restarts, replays and nodes the event's derived id keeps it the only one.
    package mutating func takeNotices() -> [Notice] {
        guard !untold.isEmpty else { return [] }
        defer { untold = [] }
        return Notice.all.filter { untold.contains(NoticeSet($0)) }
    }

    /// Whether `watch.stalled` was raised already.
    package var isStalled: Bool { noticed.contains(NoticeSet(.stalled)) }

    /// - Returns: Whether it was not noticed before.
    @discardableResult
    mutating func notice(_ notice: Notice) -> Bool {
        let isNew = noticed.insert(NoticeSet(notice)).inserted
        if isNew { untold.insert(NoticeSet(notice)) }
        return isNew
    }

    /// Takes over the status of a running response. Only the step forward counts as progress: a vendor may swing between its words.
    mutating func note(_ status: RunningStatus, now: Moment) {
        let isNews = notice(.running(status))
        let hasBegun = status.watchStatus == .inProgress && self.status != .inProgress
        self.status = status.watchStatus
        // A response that waits for its maker has come as far as it can by itself.
        guard hasBegun || isNews && status == .requiresAction else { return }
        progressedAt = now
        polls = 0
    }
}

/// A few notices in one byte.
struct NoticeSet: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ notice: WatchMachine.Notice) {
        rawValue =
            switch notice {
            case .running(.queued): 1
            case .running(.inProgress): 2
            case .running(.requiresAction): 4
            case .stalled: 8
            }
    }
}
