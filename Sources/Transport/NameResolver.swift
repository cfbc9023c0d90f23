package import RingbackCore

/// Turns names into addresses: the system in the product, a table in tests.
package protocol NameResolver: Sendable {
    /// Looks a name up. Blocks its thread until there is an answer.
    func addresses(of name: String) -> NameResolution
}

/// What became of looking a name up.
package enum NameResolution: Sendable, Hashable {
    /// At least one address, in the order in which they are to be tried (RFC 6724).
    case addresses([IPAddress])
    /// There is no such name, or it has no address.
    case notFound
    /// Nobody answered: neither our name server, nor, perhaps, the one of the name itself. Who is silent cannot be told.
    case unanswered
    /// The resolver itself is in trouble; the text is its own.
    case failed(String)
}
