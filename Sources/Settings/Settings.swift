package import AddressGuard
package import Presets
package import RingbackCore
package import Sealing

/// A whole configuration that was checked and can be used (contract, section 4).
///
/// Relative paths are relative to the working directory of the process, not to the file.
package struct Settings: Sendable, Hashable {
    /// API, proxy and dashboard.
    package var listen: ListenAddress
    package var store: StoreLocation
    /// Seals secrets in the store; `nil`: the key is in a file beside the store.
    package var masterKey: SealingKey?
    /// Open what was sealed before the last change of the master key.
    package var previousMasterKeys: [SealingKey]
    /// Who may use the API. With none everybody may, and ``listen`` is a loopback address.
    package var tokens: [APIToken]
    /// At least one; the first is the default. Names are unique.
    package var upstreams: [Upstream]
    /// The operator's own, with origin `.configuration`. Names are unique.
    package var endpoints: [Endpoint]
    package var retention: Retention
    package var security: Security
    /// How long a drain may take at most (contract, section 11).
    package var shutdownTimeout: Duration
    package var logLevel: LogLevel
    /// Where people reach the dashboard, without a slash at its end; `nil`: notifications have no links.
    package var publicURL: String?
    /// Where the operator's own presets are.
    package var presetsDirectory: String?
    /// The built-in presets and the operator's own.
    package var presets: PresetLibrary
    /// `nil`: no spans are made.
    package var tracing: TracingTarget?

    package static let defaultShutdownTimeout: Duration = .seconds(25)

    package init(
        listen: ListenAddress = .standard,
        store: StoreLocation = .standard,
        masterKey: SealingKey? = nil,
        previousMasterKeys: [SealingKey] = [],
        tokens: [APIToken] = [],
        upstreams: [Upstream],
        endpoints: [Endpoint] = [],
        retention: Retention = Retention(),
        security: Security = Security(),
        shutdownTimeout: Duration = Settings.defaultShutdownTimeout,
        logLevel: LogLevel = .info,
        publicURL: String? = nil,
        presetsDirectory: String? = nil,
        presets: PresetLibrary = .empty,
        tracing: TracingTarget? = nil
    ) {
        self.listen = listen
        self.store = store
        self.masterKey = masterKey
        self.previousMasterKeys = previousMasterKeys
        self.tokens = tokens
        self.upstreams = upstreams
        self.endpoints = endpoints
        self.retention = retention
        self.security = security
        self.shutdownTimeout = shutdownTimeout
        self.logLevel = logLevel
        self.publicURL = publicURL
        self.presetsDirectory = presetsDirectory
        self.presets = presets
        self.tracing = tracing
    }

    /// How long what is finished is kept.
    package struct Retention: Sendable, Hashable {
        /// Delivered deliveries with their attempts.
        package var delivered: Duration
        /// Dead letters.
        package var dead: Duration
        /// Response objects.
        package var responses: Duration
        /// Ended watches with their events; at least as long as ``responses``.
        package var watches: Duration
        /// The largest response object that is kept.
        package var maximumResponseSize: ByteCount

        package static let defaultWatches: Duration = .seconds(30 * 86_400)

        package init(
            delivered: Duration = .seconds(7 * 86_400), dead: Duration = .seconds(30 * 86_400), responses: Duration = .seconds(7 * 86_400),
            watches: Duration = defaultWatches, maximumResponseSize: ByteCount = ByteCount(32 << 20)
        ) {
            self.delivered = delivered
            self.dead = dead
            self.responses = responses
            self.watches = watches
            self.maximumResponseSize = maximumResponseSize
        }
    }

    /// Where callbacks may go (contract, section 9), and by which way.
    package struct Security: Sendable, Hashable {
        /// Where callbacks may go although it is not the public Internet.
        package var allowNetworks: [AllowedNetwork]
        /// Callbacks to plain `http` are refused.
        package var httpsOnly: Bool
        /// The way of all callbacks whose endpoint does not name another one.
        package var egressProxy: EgressProxy?

        package init(allowNetworks: [AllowedNetwork] = [], httpsOnly: Bool = false, egressProxy: EgressProxy? = nil) {
            self.allowNetworks = allowNetworks
            self.httpsOnly = httpsOnly
            self.egressProxy = egressProxy
        }
    }

    /// The least important messages that are logged; the words of swift-log.
    package enum LogLevel: String, Sendable, Hashable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }
}
