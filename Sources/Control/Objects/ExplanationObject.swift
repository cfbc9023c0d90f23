package import AddressGuard

/// What the guard thinks of a URL, as the API shows it.
package struct ExplanationObject: Codable, Sendable, Hashable {
    /// One address that the host leads to.
    package struct Address: Codable, Sendable, Hashable {
        package var address: String
        package var allowed: Bool
        /// Why, such as `a private address (10.0.0.0/8, RFC 1918)`.
        package var rule: String
    }

    package var object = "explanation"
    /// Without its query; `null` when it is none.
    @Nullable package var url: String?
    /// Whether a callback may go out to it now.
    package var allowed: Bool
    /// Why not, in the words in which a registration or an attempt is refused.
    @Nullable package var reason: String?
    /// The label of the rule that decided; for administrators only, like everything below it, since it tells of the operator's network.
    @Nullable package var rule: String?
    @Nullable package var detail: String?
    @Nullable package var addresses: [Address]?
    /// The proxy by which a callback to it goes, without credentials.
    @Nullable package var proxy: String?
}

extension ExplanationObject {
    /// - Parameter isComplete: Whether the caller may know what names inside the operator's network resolve to.
    package init(_ explanation: GuardExplanation, isComplete: Bool) {
        url = explanation.url
        switch explanation.outcome {
        case .allowed:
            allowed = true
        case .refused(let refusal):
            allowed = false
            reason = refusal.reason
            rule = isComplete ? refusal.label : nil
            detail = isComplete ? refusal.detail : nil
        case .unresolved(let trouble):
            allowed = false
            reason = trouble
            rule = isComplete ? "unresolved" : nil
        }
        guard isComplete else { return }
        proxy = explanation.proxy
        addresses = explanation.steps.map {
            Address(address: "\($0.address)", allowed: $0.verdict.isAllowed, rule: "\($0.verdict)")
        }
    }
}
