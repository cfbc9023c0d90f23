import RingbackCore

/// The governors there are, by credential. Belongs to the engine's loop.
///
/// Most installations have one for each upstream. Where clients bring their own keys there is one for each key in use; unused ones go, and
/// their number is bounded.
struct GovernorTable {
    /// Above it a further credential is counted under its upstream's own. Ten thousand cost a few megabytes.
    static let maximumCount = 10_000
    /// A governor that nobody used for so long is forgotten. Longer than a rate takes to recover from the deepest fall, so that nobody gains
    /// by waiting.
    static let idleTime: Duration = .seconds(600)
    /// Looking for idle ones costs a walk through all of them: not more often than this.
    private static let sweepInterval: Duration = .seconds(60)

    private var governors: [CredentialKey: CredentialGovernor] = [:]
    private var sweptAt: Moment?

    var count: Int { governors.count }
    var all: some Collection<CredentialGovernor> { governors.values }

    subscript(key: CredentialKey) -> CredentialGovernor? { governors[key] }

    /// The governor of a credential; a new one when there is none.
    ///
    /// - Parameter own: The credential of the upstream itself.
    mutating func governor(of key: CredentialKey, for upstream: Upstream, own: CredentialKey, _ now: Moment) -> CredentialGovernor {
        if let known = governors[key] {
            known.use(by: upstream, now)
            return known
        }
        if governors.count >= Self.maximumCount { sweep(now) }
        guard governors.count < Self.maximumCount || key == own else { return governor(of: own, for: upstream, own: own, now) }
        let made = CredentialGovernor(key: key, upstream: upstream, now: now)
        governors[key] = made
        return made
    }

    /// Forgets idle governors, not more often than sensible.
    mutating func sweep(_ now: Moment) {
        if let sweptAt, now - sweptAt < Self.sweepInterval { return }
        sweptAt = now
        governors = governors.filter { !$0.value.isIdle(now) }
    }
}
