import RingbackCore

/// Decides which of an upstream's responses were made by the creates whose answers got lost. Pure.
///
/// A response may be an intent's when it was made no earlier than the intent and no later than its loss was noticed, has its model and
/// metadata, contradicts none of its other facts, and is not watched yet. That leaves two doubts, which are settled so:
///
/// - While an equal create is under way, nothing is matched: the response may be that one's, and it will soon say so.
/// - Of equal intents and equal responses each later intent takes the response nearest to it in time. Which of two equal creates made which of
///   two equal responses cannot be known, and need not be: neither of their clients has heard an id.
struct IntentMatching {
    /// A create that nobody is waiting for any longer.
    struct LeftOver: Sendable, Hashable {
        let intent: CreateIntent
        /// When its loss was noticed: it was sent before that.
        let noticedAt: Timestamp
    }

    /// Vendors tell whole seconds, and so does their clock in the `Date` header.
    static let knownClockTolerance: Duration = .seconds(2)
    /// When their clock is not known.
    static let unknownClockTolerance: Duration = .seconds(60)

    /// How far the upstream's clock is ahead; `nil` when it is not known.
    let clockAhead: Duration?

    private var tolerance: Duration { clockAhead == nil ? Self.unknownClockTolerance : Self.knownClockTolerance }

    /// The earliest time, by the upstream's clock, at which a response of these intents can have been made.
    func earliest(of leftOver: [LeftOver]) -> Timestamp? {
        leftOver.map(\.intent.createdAt).min().map { $0 + (clockAhead ?? .zero) - tolerance }
    }

    /// - Parameters:
    ///   - leftOver: All of one upstream and one owner.
    ///   - underWay: The creates that are being made right now.
    ///   - unwatched: What the upstream lists, without what is watched already.
    func matches(
        leftOver: [LeftOver], underWay: [CreateIntent], unwatched: [ListedResponse]
    ) -> [IntentID: ListedResponse] {
        var free = unwatched
        var matches: [IntentID: ListedResponse] = [:]
        let latestFirst = leftOver.sorted { ($0.intent.createdAt, $0.intent.id) > ($1.intent.createdAt, $1.intent.id) }
        for one in latestFirst where !underWay.contains(where: { Self.isEqual($0, one.intent) }) {
            let candidates = free.indices.filter { isPossible(free[$0], for: one) }
            guard let nearest = candidates.min(by: { distance(free[$0], one) < distance(free[$1], one) }) else { continue }
            matches[one.intent.id] = free.remove(at: nearest)
        }
        return matches
    }

    private func isPossible(_ response: ListedResponse, for one: LeftOver) -> Bool {
        let madeAt = response.createdAt - (clockAhead ?? .zero)
        return madeAt >= one.intent.createdAt - tolerance && madeAt <= one.noticedAt + tolerance
            && one.intent.facts.mayHaveMade(response.facts)
    }

    private func distance(_ response: ListedResponse, _ one: LeftOver) -> Duration {
        let apart = response.createdAt - (clockAhead ?? .zero) - one.intent.createdAt
        return apart < .zero ? .zero - apart : apart
    }

    private static func isEqual(_ one: CreateIntent, _ other: CreateIntent) -> Bool {
        one.upstream == other.upstream && one.facts == other.facts
    }
}
