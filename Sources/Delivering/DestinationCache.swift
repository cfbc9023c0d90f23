import RingbackCore

/// The destinations of configured and stored endpoints, made once per definition.
///
/// Callbacks are not kept: each belongs to one watch and is hardly ever used twice.
struct DestinationCache {
    private struct Entry {
        let endpoint: Endpoint
        let destination: any Destination
    }

    private let make: @Sendable (Endpoint) throws -> any Destination
    private var entries: [EndpointName: Entry] = [:]

    init(make: @escaping @Sendable (Endpoint) throws -> any Destination) {
        self.make = make
    }

    mutating func destination(for endpoint: Endpoint) throws -> any Destination {
        guard endpoint.origin != .callback else { return try make(endpoint) }
        if let entry = entries[endpoint.name], entry.endpoint == endpoint { return entry.destination }
        let destination = try make(endpoint)
        entries[endpoint.name] = Entry(endpoint: endpoint, destination: destination)
        return destination
    }

    /// Forgets the endpoints that are no more.
    mutating func keep(where isKnown: (EndpointName) -> Bool) {
        entries = entries.filter { isKnown($0.key) }
    }
}
