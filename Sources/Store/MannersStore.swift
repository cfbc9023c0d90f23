package import RingbackCore

/// What was learned about upstreams, kept across restarts.
package protocol MannersStore: Sendable {
    func rememberedManners() async throws(StoreError) -> [RememberedManners]

    /// Puts these manners in the place of all that was remembered about the upstream.
    func remember(_ manners: RememberedManners) async throws(StoreError)
}

/// All that is remembered about one upstream.
package struct RememberedManners: Sendable, Hashable {
    package let upstream: UpstreamName
    /// A digest of the base URL it was learned at. Under another one nothing of it holds.
    package let base: String
    package let manners: [LearnedManner]

    package init(upstream: UpstreamName, base: String, manners: [LearnedManner]) {
        self.upstream = upstream
        self.base = base
        self.manners = manners
    }
}

/// One thing that was learned. What the words mean is the learner's business.
package struct LearnedManner: Sendable, Hashable {
    /// Unique within an upstream.
    package let name: String
    package let value: String
    package let since: Timestamp
    /// When it was last put to the test.
    package let triedAt: Timestamp
    /// Why this is believed, in words for people. Holds no secret.
    package let evidence: String

    package init(name: String, value: String, since: Timestamp, triedAt: Timestamp, evidence: String) {
        self.name = name
        self.value = value
        self.since = since
        self.triedAt = triedAt
        self.evidence = evidence
    }
}
