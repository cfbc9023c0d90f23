/// What keeps a repeated request from making a second message or ticket.
package enum RepeatProtection: String, Sendable, Hashable, CaseIterable, Codable {
    /// The system takes a key and knows a repeat by it.
    case key
    /// The data have a fixed identity, such as labels or an alias: the same again changes nothing.
    case data
    /// Ringback searches before it creates.
    case search
    /// The id in the answer is kept, and later requests change what it names. A create whose answer was lost may be made twice.
    case update
    /// None: the text shows the response's id, and a request whose fate is unknown may be sent twice.
    case none
}

/// What an answer that says yes proves.
package enum SuccessProof: String, Sendable, Hashable, CaseIterable, Codable {
    /// The message or ticket is there.
    case stored
    /// Somebody took it and will try.
    case accepted
    /// Nothing: the system says yes to everything.
    case unknown
}

/// What an attempt at a chat, ticket or mail system tells beside its outcome.
package struct SinkEvidence: Sendable, Hashable {
    /// What a success proves.
    package var proof: SuccessProof
    package var protection: RepeatProtection
    /// Whether nobody can tell if the system took what was sent.
    package var isAmbiguous: Bool

    package init(proof: SuccessProof, protection: RepeatProtection, isAmbiguous: Bool = false) {
        self.proof = proof
        self.protection = protection
        self.isAmbiguous = isAmbiguous
    }
}
