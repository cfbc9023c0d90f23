import AddressGuard
import Curl
import Destinations
import Foundation
package import RingbackCore
import Sealing
package import Settings
import Store
import StoreSQLite
import Transport

/// One look over everything a Ringback needs, beside a running server or without one. Changes nothing.
package struct Examination: Sendable {
    /// Endpoints looked at; of more, the first ones by name.
    static let maximumEndpoints = 500
    /// Looked at together.
    static let atOnce = 16

    private let settings: Settings
    private let isOffline: Bool
    private let time: any TimeSource

    /// - Parameter isOffline: Ask nobody outside this machine.
    package init(settings: Settings, isOffline: Bool = false, time: any TimeSource = SystemTime()) {
        self.settings = settings
        self.isOffline = isOffline
        self.time = time
    }

    /// - Throws: When the transfer loop cannot start.
    package func run() async throws -> [Finding] {
        let transport = try CurlTransport(options: CurlTransportOptions(name: "doctor", maxTransfers: 64))
        let findings = await findings(transport)
        await transport.shutdown()
        return findings
    }

    private func findings(_ transport: CurlTransport) async -> [Finding] {
        var findings: [Finding] = []
        var endpoints = settings.endpoints
        var storePath: String?
        var user: StoreUser?
        switch settings.store {
        case .postgres:
            findings.append(Finding(.store, .serious, "this version keeps its store in SQLite only", advice: "write store: sqlite:PATH"))
        case .sqlite(let path):
            storePath = path
            user = StoreLock.user(ofStoreAt: path)
            let (found, stored) = await examineStore(path, isInUse: user != nil)
            findings += found
            endpoints = stored
        }
        findings += ServerJudgement.findings(await ServerProbe.ask(settings, user: user, transport: transport))
        if !isOffline {
            findings += await examineUpstreams(transport)
            findings += await examine(endpoints, transport)
        }
        return findings
            + MachineJudgement.findings(
                MachineProbe.facts(upstreams: settings.upstreams, storePath: storePath, server: user?.processID))
    }

    // MARK: The store

    /// - Returns: Also the endpoints of the configuration and of the store.
    private func examineStore(_ path: String, isInUse: Bool) async -> ([Finding], [Endpoint]) {
        guard FileManager.default.fileExists(atPath: path) else {
            return (
                [Finding(.store, .note, "there is no store at '\(path)' yet", advice: "the first `ringback serve` makes it")], merged(nil)
            )
        }
        let now = time.wallNow
        let keys = SealingKeys(master: settings.masterKey, previous: settings.previousMasterKeys, besideStore: path)
        let kept = min(settings.retention.delivered, settings.retention.dead)
        let examination = StoreExamination(path: path, keys: keys, deliveriesSince: now - kept, now: now)
        do throws(StoreError) {
            let report = try await onItsOwnThread { () throws(StoreError) in try examination.run() }
            let endpoints = merged(report)
            let judgement = StoreJudgement(report, upstreams: settings.upstreams, endpoints: endpoints, isInUse: isInUse, now: now)
            return (judgement.findings, endpoints)
        } catch {
            return ([Finding(.store, .serious, "\(error)")], merged(nil))
        }
    }

    private func merged(_ report: StoreReport?) -> [Endpoint] {
        let configured = Set(settings.endpoints.map(\.name))
        let disabled = report?.disabledEndpoints ?? [:]
        return (settings.endpoints + (report?.endpoints ?? []).filter { !configured.contains($0.name) }).map { endpoint in
            var endpoint = endpoint
            endpoint.isEnabled = endpoint.isEnabled && disabled[endpoint.name] == nil
            endpoint.disabledReason = disabled[endpoint.name] ?? endpoint.disabledReason
            return endpoint
        }
    }

    // MARK: Others

    private func examineUpstreams(_ transport: CurlTransport) async -> [Finding] {
        let probe = UpstreamProbe(transport: transport, time: time)
        var skews: [String: Duration] = [:]
        var findings: [Finding] = []
        for (facts, skew, look) in await inParallel(
            settings.upstreams,
            { upstream in
                let (facts, skew) = await probe.ask(upstream)
                // A certificate can be read of whoever answers at all.
                guard let url = try? HTTPURL(validating: upstream.baseURL), url.scheme == .https else { return (facts, skew, nil) }
                return (facts, skew, await CurlServerLook.look(at: url, trust: TransferTrust(caFile: upstream.caFile)))
            }) as [(UpstreamFacts, Duration?, ServerLook?)]
        {
            findings.append(UpstreamJudgement.finding(facts))
            if let look, let certificate = CertificateJudgement.finding("upstream \(facts.name)", look, now: time.wallNow) {
                findings.append(certificate)
            }
            skews[facts.name.rawValue] = skew
        }
        return findings + [ClockJudgement.finding(skews)].compactMap { $0 }
    }

    private func examine(_ endpoints: [Endpoint], _ transport: CurlTransport) async -> [Finding] {
        let callbackGuard = CallbackGuard(exceptions: settings.security.allowNetworks, httpsOnly: settings.security.httpsOnly)
        let proxy = settings.security.egressProxy
        let probe = EndpointProbe(
            explainer: CallbackExplainer(callbackGuard: { callbackGuard }, egressProxy: { proxy }, transport: transport), egressProxy: proxy
        )
        let looked = endpoints.prefix(Self.maximumEndpoints)
        var findings = await inParallel(Array(looked)) { await probe.look(at: $0) }
            .flatMap { EndpointJudgement.findings($0, now: time.wallNow) }
        if looked.count < endpoints.count {
            findings.append(Finding(.endpoint, .note, "only the first \(looked.count) of \(endpoints.count) endpoints were looked at"))
        }
        return findings
    }

    /// - Returns: In the order of the elements.
    private func inParallel<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async -> Value
    ) async -> [Value] {
        await withTaskGroup(of: (Int, Value).self) { group in
            var values: [Int: Value] = [:]
            for (index, element) in elements.enumerated() {
                if index >= Self.atOnce, let (done, value) = await group.next() { values[done] = value }
                group.addTask { (index, await body(element)) }
            }
            for await (index, value) in group { values[index] = value }
            return elements.indices.compactMap { values[$0] }
        }
    }
}
