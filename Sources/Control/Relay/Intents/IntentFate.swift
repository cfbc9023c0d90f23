import RingbackCore

/// What is to be done about an intent that the upstream was asked about in vain. Pure.
enum IntentFate: Sendable, Hashable {
    case askAgain(after: Duration)
    case giveUp(Reason)

    /// Why nothing more will be found out.
    enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The upstream lists its responses, and none of them can be this one: most likely it never took the create.
        case notListed = "not_listed"
        /// The upstream has no list to look into.
        case noList = "no_list"
        /// The upstream gave no answer for as long as a watch may last.
        case unreachable
        /// It is no longer configured.
        case upstreamRemoved = "upstream_removed"
        /// The create was sent again, and refused, or answered without a response's id.
        case repetitionRefused = "repetition_refused"
    }

    /// What came of asking.
    enum Answer: Sendable, Hashable {
        case listedWithoutIt
        /// There is no list, by the look of the answer.
        case noList
        /// No answer, or one that says "later".
        case none
    }

    /// A list may lag behind.
    static let listPatience: Duration = .seconds(600)
    /// A gateway that is being restarted answers as one that has no list.
    static let noListPatience: Duration = .seconds(120)
    static let firstWait: Duration = .seconds(1)
    static let longestWait: Duration = .seconds(60)

    /// - Parameters:
    ///   - asked: How often the upstream was asked, this time included.
    ///   - since: How long ago the first time was.
    ///   - maximumAge: How long the upstream's responses are followed.
    init(_ answer: Answer, asked: Int, since: Duration, maximumAge: Duration) {
        let (patience, reason): (Duration, Reason) =
            switch answer {
            case .listedWithoutIt: (Self.listPatience, .notListed)
            case .noList: (Self.noListPatience, .noList)
            case .none: (maximumAge, .unreachable)
            }
        self = since >= patience ? .giveUp(reason) : .askAgain(after: Self.wait(afterAsking: asked))
    }

    /// 1 s, 2 s, 4 s and so on, at most a minute.
    static func wait(afterAsking asked: Int) -> Duration {
        min(firstWait * (1 << min(max(asked - 1, 0), 10)), longestWait)
    }
}
