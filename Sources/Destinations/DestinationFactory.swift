package import AddressGuard
package import Delivering
package import Presets
package import RingbackCore
package import Store
package import Transport

/// Makes of an endpoint's definition something that deliveries can be made to.
package enum DestinationFactory {
    /// What destinations are made with. What is a closure is asked each time it is needed, since a reload changes it.
    package struct Surroundings: Sendable {
        /// Carries the callbacks of webhooks and the requests of presets.
        package var transport: any Transport
        /// Carries mails; `nil` where none are sent.
        package var mail: (any MailTransport)?
        /// The guard as it is configured now. Endpoints of the configuration file are the operator's own and are not judged.
        package var callbackGuard: @Sendable () -> CallbackGuard
        /// The proxy for all callbacks as it is configured now.
        package var egressProxy: @Sendable () -> EgressProxy?
        /// The presets there are now.
        package var presets: @Sendable () -> PresetLibrary
        /// Where people reach Ringback; `nil` when nobody said so.
        package var publicURL: @Sendable () -> String?
        /// Keeps what was made in other systems.
        package var records: (any SinkStore)?
        /// Bounds and measures attempts.
        package var time: any TimeSource

        package init(
            transport: any Transport, callbackGuard: @escaping @Sendable () -> CallbackGuard,
            egressProxy: @escaping @Sendable () -> EgressProxy? = { nil },
            presets: @escaping @Sendable () -> PresetLibrary = { .empty }, publicURL: @escaping @Sendable () -> String? = { nil },
            records: (any SinkStore)? = nil, mail: (any MailTransport)? = nil, time: any TimeSource
        ) {
            self.transport = transport
            self.mail = mail
            self.callbackGuard = callbackGuard
            self.egressProxy = egressProxy
            self.presets = presets
            self.publicURL = publicURL
            self.records = records
            self.time = time
        }
    }

    /// Touches neither network nor disk.
    ///
    /// - Throws: ``InvalidDestination`` when the definition cannot be used.
    package static func make(_ endpoint: Endpoint, in surroundings: Surroundings) throws(InvalidDestination) -> any Destination {
        let callbackGuard = endpoint.origin == .configuration ? nil : surroundings.callbackGuard
        switch endpoint.target {
        case .webhook(let target):
            return try WebhookDestination(
                target, of: endpoint, transport: surroundings.transport, callbackGuard: callbackGuard,
                egressProxy: surroundings.egressProxy, time: surroundings.time)
        case .inbox(let target): return try InboxDestination(target, timeout: endpoint.timeout, time: surroundings.time)
        case .command(let target): return CommandDestination(target, timeout: endpoint.timeout, time: surroundings.time)
        case .preset(let target):
            guard let preset = surroundings.presets()[target.preset] else { throw .preset(target.preset) }
            switch preset.transport {
            case .http:
                return CurrentPresetDestination {
                    surroundings.presets()[target.preset].map { preset in
                        PresetDestination(
                            PresetComposer(preset, target, endpoint: endpoint.name, publicURL: surroundings.publicURL()), of: endpoint,
                            records: surroundings.records ?? NoRecords(), transport: surroundings.transport, callbackGuard: callbackGuard,
                            egressProxy: surroundings.egressProxy, time: surroundings.time)
                    }
                }
            case .smtp:
                let composer = PresetComposer(preset, target, endpoint: endpoint.name, publicURL: surroundings.publicURL())
                guard let mail = surroundings.mail else { throw .transport(preset.name) }
                return try MailDestination(
                    composer, of: endpoint, records: surroundings.records, transport: mail, callbackGuard: callbackGuard,
                    time: surroundings.time)
            }
        }
    }
}

/// For whoever keeps nothing: every event is the first of its response.
private struct NoRecords: SinkStore {
    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? { nil }
    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) {}
}
