import NIOConcurrencyHelpers

/// The endpoints as they are now. Readers take a snapshot; the composition root and the API replace it whole.
package final class EndpointDirectory: Sendable {
    private let endpoints: NIOLockedValueBox<[EndpointName: Endpoint]>

    package init(_ endpoints: [Endpoint] = []) {
        self.endpoints = NIOLockedValueBox(Dictionary(endpoints.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    package subscript(name: EndpointName) -> Endpoint? {
        endpoints.withLockedValue { $0[name] }
    }

    package var all: [Endpoint] {
        endpoints.withLockedValue { $0.values.sorted { $0.name < $1.name } }
    }

    package func set(_ endpoint: Endpoint) {
        endpoints.withLockedValue { $0[endpoint.name] = endpoint }
    }

    package func remove(_ name: EndpointName) {
        endpoints.withLockedValue { $0[name] = nil }
    }

    package func replaceAll(with new: [Endpoint]) {
        endpoints.withLockedValue { $0 = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }
    }

    /// The endpoints that get an event of `watch`: its callback and the ones it names, or all whose filters match when it names none.
    ///
    /// A disabled endpoint still gets its delivery: it waits in the store until the endpoint is enabled again, so that nothing is lost.
    ///
    /// - Parameter metadata: The watch's metadata and, below it, the response's own.
    package func recipients(of type: EventType, watch: Watch, model: String?, metadata: [String: String]) -> [EndpointName] {
        var names: [EndpointName] = []
        // A callback is given for one response and asks for its outcome, whatever the outcome is.
        if watch.callback != nil, Self.concludes(type) { names.append(EndpointName(callbackOf: watch.id)) }
        if !watch.endpoints.isEmpty {
            // Named endpoints are asked for by name: their filters on upstream, model and metadata do not apply, their event list does.
            // One that is gone may have asked for anything; it gets what everybody gets.
            names += watch.endpoints.filter { self[$0].map { $0.events.contains { $0.matches(type) } } ?? Self.concludes(type) }
        } else {
            names += all.filter { endpoint in
                endpoint.events.contains { $0.matches(type) }
                    && endpoint.match.holds(upstream: watch.upstream, model: model, metadata: metadata)
            }.map(\.name)
        }
        return names
    }

    /// The endpoints that asked for an event that is not about a watch.
    package func recipients(of type: EventType) -> [EndpointName] {
        all.filter { $0.events.contains { $0.matches(type) } }.map(\.name)
    }

    private static func concludes(_ type: EventType) -> Bool {
        type.rawValue.hasPrefix("response.") && !type.isProgress || type == .watchLost || type == .watchExpired
    }
}
