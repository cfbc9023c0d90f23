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
    /// | | `events` | `match.status` | `match.upstream`, `.model`, `.metadata.*` |
    /// |---|---|---|---|
    /// | an endpoint no watch names | applies | applies | apply |
    /// | an endpoint the watch names | applies | applies | do not: the response was chosen by name |
    /// | the watch's callback | the outcome, whatever it is | has none | has none |
    ///
    /// That is so for every event about a watch, its own (`watch.*`) and progress included; what is not known of a response fits no
    /// pattern but `*`. Events that are about no watch (`delivery.*`, `endpoint.*`) go by `events` alone: see ``recipients(of:)``.
    ///
    /// A disabled endpoint still gets its delivery: it waits in the store until the endpoint is enabled again, so that nothing is lost.
    ///
    /// - Parameters:
    ///   - status: The watch's status as the event leaves it: `failed` for `response.failed`, `lost` for `watch.lost`, and `queued` or
    ///     `in_progress` for what is told while the response runs.
    ///   - metadata: The watch's metadata and, below it, the response's own.
    package func recipients(
        of type: EventType, watch: Watch, status: WatchStatus, model: String?, metadata: [String: String]
    ) -> [EndpointName] {
        var names: [EndpointName] = []
        // A callback is given for one response and asks for its outcome, whatever the outcome is.
        if watch.callback != nil, Self.concludes(type) { names.append(EndpointName(callbackOf: watch.id)) }
        if !watch.endpoints.isEmpty {
            // One that is gone may have asked for anything; it gets what everybody gets.
            names += watch.endpoints.filter { self[$0]?.takes(type, status) ?? Self.concludes(type) }
        } else {
            names += all.filter { endpoint in
                endpoint.takes(type, status) && endpoint.match.holds(upstream: watch.upstream, model: model, metadata: metadata)
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

extension Endpoint {
    /// Whether the endpoint asked for such an event of a watch, whichever response it is about.
    fileprivate func takes(_ type: EventType, _ status: WatchStatus) -> Bool {
        events.contains { $0.matches(type) } && match.admits(status)
    }
}
