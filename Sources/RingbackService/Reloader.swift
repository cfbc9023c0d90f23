import Control
import Destinations
import Logging
import NIOConcurrencyHelpers
import RingbackCore
import Settings
import Store
import StoreSQLite

/// Takes over a changed configuration while everything runs: all of it or nothing (contract, section 4).
///
/// The new settings are read, checked and built whole before anything is touched. What then changes are values that others read when they
/// need them, so no call and no delivery under way notices: each ends under the settings it began with.
actor Reloader {
    /// Reads the configuration from where it came from.
    private let source: (@Sendable () async throws(SettingsErrors) -> Settings)?
    private let live: LiveSettings
    private let parts: Parts
    nonisolated private let outcomes = NIOLockedValueBox(ReloadOutcomes())
    private let time: any TimeSource
    private let logger: Logger

    /// What a reload touches outside the settings themselves.
    struct Parts: Sendable {
        let build: @Sendable (Settings) -> LiveSettings.Snapshot
        /// Throws when an endpoint cannot be delivered to as it is defined.
        let check: @Sendable (Endpoint, LiveSettings.Snapshot) throws -> Void
        /// The settings' endpoints and the store's.
        let readEndpoints: @Sendable (Settings) async throws(StoreError) -> [Endpoint]
        let setLogLevel: @Sendable (Settings.LogLevel) -> Void
        let directory: EndpointDirectory
        let replaceUpstreams: @Sendable ([Upstream]) async -> Void
        let endpointsChanged: @Sendable () async -> Void
    }

    init(
        source: (@Sendable () async throws(SettingsErrors) -> Settings)?, live: LiveSettings, parts: Parts, time: any TimeSource,
        logger: Logger
    ) {
        self.source = source
        self.live = live
        self.parts = parts
        self.time = time
        self.logger = logger
    }

    nonisolated var counts: ReloadOutcomes { outcomes.withLockedValue { $0 } }

    /// - Throws: ``ReloadRefusal``; nothing was changed then.
    func reload() async throws(ReloadRefusal) -> ReloadObject {
        do throws(ReloadRefusal) {
            let change = try await takeOver()
            let now = time.wallNow
            outcomes.withLockedValue { $0.succeeded(at: now) }
            logger.notice(
                "The configuration was read again",
                metadata: [
                    "config.changed": "\(change.live.joined(separator: ", "))",
                    "config.needs_restart": "\(change.needsRestart.joined(separator: ", "))",
                ])
            return ReloadObject(at: now, changed: change.live, needsRestart: change.needsRestart)
        } catch {
            outcomes.withLockedValue { $0.failed() }
            for problem in error.problems {
                logger.error("The configuration was not taken; nothing was changed", metadata: ["config.problem": "\(problem)"])
            }
            throw error
        }
    }

    private func takeOver() async throws(ReloadRefusal) -> SettingsChange {
        let new = try await read()
        let snapshot = parts.build(new)
        try check(new.endpoints, snapshot)
        let endpoints: [Endpoint]
        do {
            endpoints = try await parts.readEndpoints(new)
        } catch {
            throw ReloadRefusal(problems: ["the store's endpoints cannot be read: \(error)"])
        }
        let old = live.now.settings
        live.replace(with: snapshot)
        parts.setLogLevel(new.logLevel)
        parts.directory.replaceAll(with: endpoints)
        await catchUp(with: endpoints, new)
        await parts.replaceUpstreams(new.upstreams)
        await parts.endpointsChanged()
        return SettingsChange(from: old, to: new)
    }

    /// The API may have changed an endpoint between our look at the store and the new directory, which then lacks the change. The API writes
    /// to the store first, so a second look finds it; whatever comes after that look finds the new directory.
    private func catchUp(with seen: [Endpoint], _ settings: Settings) async {
        var seen = seen
        for _ in 0..<Self.maximumLooks {
            do {
                let present = try await parts.readEndpoints(settings)
                guard present != seen else { return }
                parts.directory.replaceAll(with: present)
                seen = present
            } catch {
                // The settings are in force all the same; what the API changed in this very moment shows after the next reload.
                logger.warning("The store's endpoints could not be read a second time", metadata: ["error": "\(error)"])
                return
            }
        }
    }

    private static let maximumLooks = 5

    private func read() async throws(ReloadRefusal) -> Settings {
        guard let source else {
            throw ReloadRefusal(problems: ["this process was given its settings by its maker and cannot read them again"])
        }
        do {
            return try await source()
        } catch {
            let more = error.omitted > 0 ? ["and \(error.omitted) more"] : []
            throw ReloadRefusal(problems: error.problems.map(\.description) + more)
        }
    }

    private func check(_ endpoints: [Endpoint], _ snapshot: LiveSettings.Snapshot) throws(ReloadRefusal) {
        var problems: [String] = []
        for endpoint in endpoints {
            do {
                try parts.check(endpoint, snapshot)
            } catch {
                problems.append("endpoints, '\(endpoint.name)': \(error)")
            }
        }
        guard problems.isEmpty else { throw ReloadRefusal(problems: problems) }
    }
}

/// How reloads went; for metrics.
struct ReloadOutcomes: Sendable, Hashable {
    private(set) var applied = 0
    private(set) var refused = 0
    /// Whether the last one was applied; `true` before the first.
    private(set) var lastSucceeded = true
    private(set) var lastSuccessAt: Timestamp?

    mutating func succeeded(at time: Timestamp) {
        applied += 1
        lastSucceeded = true
        lastSuccessAt = time
    }

    mutating func failed() {
        refused += 1
        lastSucceeded = false
    }
}
