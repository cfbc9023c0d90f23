import AddressGuard
import Curl
package import Destinations
import Foundation
package import RingbackCore
import Transport

/// Looks at an endpoint without sending it anything: connects, and closes.
package struct EndpointProbe: Sendable {
    private let explainer: CallbackExplainer
    private let egressProxy: EgressProxy?

    package init(explainer: CallbackExplainer, egressProxy: EgressProxy?) {
        self.explainer = explainer
        self.egressProxy = egressProxy
    }

    package func look(at endpoint: Endpoint) async -> EndpointFacts {
        var facts = await facts(of: endpoint)
        if !endpoint.isEnabled { facts.disabledReason = endpoint.disabledReason ?? "no reason is on record" }
        return facts
    }

    private func facts(of endpoint: Endpoint) async -> EndpointFacts {
        switch endpoint.target {
        case .inbox(let target):
            return EndpointFacts(
                name: endpoint.name, target: .directory(target.directory, trouble: Self.trouble(withDirectory: target.directory)))
        case .command: return EndpointFacts(name: endpoint.name, target: .other("it runs a command"))
        case .preset(let target):
            // Which requests a preset makes is its own business; where they go is mostly in one of these.
            let text = ["base_url", "url"].lazy.compactMap { target.values[$0]?.reveal() }.first
            guard let text, let url = try? HTTPURL(validating: text) else {
                return EndpointFacts(name: endpoint.name, target: .other("it writes by the preset \(target.preset)"))
            }
            return await facts(of: endpoint, at: url, shown: Self.origin(of: url), WebhookTarget(url: text, secrets: []))
        case .webhook(let target):
            guard let url = try? HTTPURL(validating: target.url) else {
                return EndpointFacts(name: endpoint.name, target: .server("its URL", ServerLook(error: .invalidRequest("it is no URL"))))
            }
            return await facts(of: endpoint, at: url, shown: url.redacted, target)
        }
    }

    private func facts(of endpoint: Endpoint, at url: HTTPURL, shown: String, _ target: WebhookTarget) async -> EndpointFacts {
        let proxy = target.proxy.proxy(standard: egressProxy)
        let trust = TransferTrust(
            caFile: target.caFile,
            identity: target.certificate.map { TransferIdentity(certificateFile: $0.certificateFile, keyFile: $0.keyFile) })
        guard endpoint.origin != .configuration else {
            let look = await CurlServerLook.look(at: url, trust: trust, proxy: proxy)
            return EndpointFacts(name: endpoint.name, target: .server(shown, look))
        }
        let explanation = await explainer.explain(url.text)
        var facts = EndpointFacts(name: endpoint.name, target: .server(shown, nil), verdict: explanation.outcome)
        // Only where the guard lets callbacks out, and only to the very addresses it has judged.
        guard case .allowed = explanation.outcome, url.address != nil || !explanation.steps.isEmpty, proxy == nil else { return facts }
        let look = await CurlServerLook.look(at: url, addresses: explanation.steps.map(\.address), trust: trust)
        facts = EndpointFacts(name: endpoint.name, target: .server(shown, look), verdict: explanation.outcome)
        return facts
    }

    /// A preset's URL may hold its secret in the path.
    private static func origin(of url: HTTPURL) -> String {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        return "\(url.scheme.rawValue)://\(host)\(url.port.map { ":\($0)" } ?? "")"
    }

    private static func trouble(withDirectory path: String) -> String? {
        // One that is missing is made by Ringback at its start.
        guard let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType else { return nil }
        guard [.typeDirectory, .typeSymbolicLink].contains(type) else { return "is no directory" }
        return FileManager.default.isWritableFile(atPath: path) ? nil : "cannot be written by this user"
    }
}
