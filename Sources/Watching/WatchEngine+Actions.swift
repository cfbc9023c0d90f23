import Logging
import ResponsesAPI
import RingbackCore
import Transport

/// Running what the machines decide.
extension WatchEngine {
    func circumstances(of followed: Followed) -> WatchMachine.Circumstances {
        let now = time.now
        let welcomesStreams = followed.stream == nil && followed.upstream?.welcomesStreams(now) == true
        let pace = followed.upstream?.presentPace ?? .parked
        return WatchMachine.Circumstances(now: now, dice: dice.fraction(), welcomesStreams: welcomesStreams, pace: pace)
    }

    /// Runs what a machine decided.
    func apply(_ action: WatchMachine.Action, to followed: Followed) {
        switch action {
        case .openStream(let cursor): ask(.stream(startingAfter: cursor), for: followed)
        case .retrieve: ask(.retrieval, for: followed)
        case .wait, .ignore: break
        case .finish(let response): finish(followed, with: response)
        case .lost:
            end(
                followed, .lost, type: .watchLost,
                reason: "the upstream no longer knows the response (404), and its result was not seen before")
        case .expired:
            end(
                followed, .expired, type: .watchExpired,
                reason: "the response had not ended when the watch was \(maximumAge(of: followed).text) old")
        case .noticeStall: noticeStall(of: followed)
        case .forget: remove(followed)
        }
        noteProgress(of: followed)
        schedule(followed)
    }

    private func finish(_ followed: Followed, with response: ResponseObject) {
        guard let status = response.terminalStatus else { preconditionFailure("a machine finishes only with a terminal status") }
        write(Fact.finished(response, as: status, of: followed, at: time.wallNow), of: followed)
    }

    private func end(_ followed: Followed, _ status: WatchStatus, type: EventType, reason: String) {
        write(Fact.givenUp(status, type: type, of: followed, at: time.wallNow, reason: reason), of: followed)
    }

    private func write(_ ending: Fact, of followed: Followed) {
        dropRequests(of: followed)
        followed.ending = ending
        heldBytes += ending.heldBytes
        totals.endings += 1
        factFeed.yield(ending)
    }

    private func noticeStall(of followed: Followed) {
        let reason = "no progress for \((followed.upstream?.pace ?? .parked).stalledAfter.text)"
        logger.notice(
            "A watch makes no progress.", metadata: ["watch.id": "\(followed.id)", "upstream.name": "\(followed.watch.upstream)"])
        factFeed.yield(Fact.stalled(followed, at: time.wallNow, reason: reason))
    }

    private func maximumAge(of followed: Followed) -> Duration {
        followed.watch.maximumAge ?? followed.upstream?.upstream.maximumWatchAge ?? Self.ageWithoutUpstream
    }

    /// Enters the machine's deadline. An entry that comes up too early does no harm: the machine is asked again.
    func schedule(_ followed: Followed) {
        guard table[followed.id] === followed, let deadline = followed.deadline else { return }
        if let scheduled = followed.scheduled, scheduled <= deadline { return }
        followed.scheduled = deadline
        enter(.watch(followed.id), at: deadline)
    }

    /// How old a watch may get whose upstream is not configured: the default of `max_watch_age`.
    static let ageWithoutUpstream: Duration = .seconds(24 * 3600)
}
