package import RingbackCore

/// What the guard thinks of one URL, step by step: for `ringback explain`.
package struct GuardExplanation: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        case allowed
        case refused(GuardRefusal)
        /// The name leads to no address now; the text says why.
        case unresolved(String)
    }

    /// One address that the host leads to.
    package struct Step: Sendable, Hashable {
        package let address: IPAddress
        package let verdict: AddressVerdict
    }

    /// Without its query; `nil` when the text is no URL.
    package let url: String?
    package let outcome: Outcome
    /// Empty when the verdict was clear before any name was resolved.
    package let steps: [Step]
    /// The proxy by which a callback would go, for people; `nil` when it would go straight.
    package var proxy: String?

    /// The guard's word on what a URL leads to.
    package init(_ callbackGuard: CallbackGuard, of url: HTTPURL, leadingTo addresses: [IPAddress]) {
        self.url = url.redacted
        outcome = callbackGuard.judge(addresses, of: url).map { .refused($0) } ?? .allowed
        steps = addresses.map { Step(address: $0, verdict: callbackGuard.verdict(on: $0, of: url)) }
    }

    /// A URL that is refused for what it says by itself, or that leads nowhere.
    package init(_ outcome: Outcome, of url: String?) {
        self.url = url
        self.outcome = outcome
        steps = []
    }
}
