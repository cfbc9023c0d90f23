import RingbackCore

/// One thing an upstream may do or not, found out by asking.
///
/// Unknown: a few ask at once, so that a refusal costs a few requests and not one for each watch. Open: everybody asks. Closed: one asks from
/// time to time, in case the upstream has changed its ways.
struct MannersDoor: Sendable, Hashable {
    enum Name: String, Sendable, Hashable, CaseIterable {
        /// Responses are streamed at all.
        case streams = "stream"
        /// So are those that were created without `stream: true`.
        case unrequested = "stream_unrequested"
        /// So are those of whose creation nothing is known. Their own door, since they may be of both kinds: it closes while nearly all of
        /// them are refused.
        case unsure = "stream_unsure"
        /// `starting_after` is taken.
        case resumption = "resume"
        /// So are those that are older than the window.
        case window = "stream_window"
    }

    struct Verdict: Sendable, Hashable {
        let isOpen: Bool
        let since: Timestamp
        /// In words for people; holds no secret.
        let evidence: String
    }

    private(set) var verdict: Verdict?
    /// When a closed door was last tried. By the wall clock, since it is remembered across restarts.
    private(set) var triedAt: Timestamp?
    /// In a row.
    private(set) var refusals = 0
    /// Those who asked and have no answer yet.
    private(set) var waiting = 0

    init() {}

    init(isOpen: Bool, since: Timestamp, triedAt: Timestamp, evidence: String) {
        verdict = Verdict(isOpen: isOpen, since: since, evidence: evidence)
        self.triedAt = isOpen ? nil : triedAt
    }

    var isOpen: Bool { verdict?.isOpen == true }
    var isClosed: Bool { verdict?.isOpen == false }

    /// Whether one more may ask.
    func welcomes(_ now: Timestamp) -> Bool {
        switch verdict?.isOpen {
        case false?: waiting == 0 && isDue(now)
        case true? where refusals == 0: true
        case true?, nil: waiting < Manners.trialLimit
        }
    }

    /// Whether a closed door is to be tried again. A clock that was set back must not keep it closed.
    func isDue(_ now: Timestamp) -> Bool {
        guard let triedAt else { return true }
        return now < triedAt || now - triedAt >= Manners.probeSpacing
    }

    mutating func enter(_ now: Timestamp) {
        waiting += 1
        if isClosed { triedAt = now }
    }

    mutating func leave() {
        precondition(waiting > 0, "somebody left who had not entered")
        waiting -= 1
    }

    mutating func forget() {
        verdict = nil
        triedAt = nil
        refusals = 0
    }

    mutating func accept(_ now: Timestamp, _ evidence: String) {
        refusals = 0
        triedAt = nil
        if !isOpen { verdict = Verdict(isOpen: true, since: now, evidence: evidence) }
    }

    /// - Parameter evidence: Given the number of refusals in a row.
    mutating func refuse(_ now: Timestamp, _ evidence: (Int) -> String) {
        refusals = min(refusals + 1, Manners.refusalLimit)
        guard !isClosed, refusals < Manners.refusalLimit else { return close(now, evidence(refusals)) }
    }

    /// - Parameter anew: What is refused is not what was refused before.
    mutating func close(_ now: Timestamp, _ evidence: String, anew: Bool = false) {
        triedAt = now
        if !isClosed || anew { verdict = Verdict(isOpen: false, since: now, evidence: evidence) }
    }
}
