package import AddressGuard
import NIOConcurrencyHelpers
package import RingbackCore
package import Transport

/// Says whether a callback could go out to a URL, without sending one.
///
/// It goes the way of every callback up to the moment before the connection is made, so it cannot tell another story than a delivery.
package struct CallbackExplainer: Sendable {
    /// How long a name may take to resolve.
    static let patience: Duration = .seconds(10)

    private let callbackGuard: @Sendable () -> CallbackGuard
    private let egressProxy: @Sendable () -> EgressProxy?
    private let transport: any Transport

    /// - Parameter transport: The one that carries callbacks.
    package init(
        callbackGuard: @escaping @Sendable () -> CallbackGuard, egressProxy: @escaping @Sendable () -> EgressProxy? = { nil },
        transport: any Transport
    ) {
        self.callbackGuard = callbackGuard
        self.egressProxy = egressProxy
        self.transport = transport
    }

    package func explain(_ text: String) async -> GuardExplanation {
        let proxy = egressProxy()
        var explanation = await explain(text, resolvedBy: proxy)
        explanation.proxy = proxy.map {
            switch $0.resolution {
            case .here: $0.address
            case .proxy: "\($0.address), which resolves names itself: where they lead is not judged here"
            }
        }
        return explanation
    }

    private func explain(_ text: String, resolvedBy proxy: EgressProxy?) async -> GuardExplanation {
        let callbackGuard = callbackGuard()
        let url: HTTPURL
        do {
            url = try callbackGuard.judge(text)
        } catch {
            // Only a URL that has a right form can be shown without what may be secret in it.
            return GuardExplanation(.refused(error), of: (try? HTTPURL(validating: text))?.redacted)
        }
        if proxy?.resolution == .proxy, url.address == nil { return GuardExplanation(.allowed, of: url.redacted) }
        switch await addresses(of: url) {
        case .success(let addresses): return GuardExplanation(callbackGuard, of: url, leadingTo: addresses)
        case .failure(let failure): return GuardExplanation(.unresolved("\(failure.error)"), of: url.redacted)
        }
    }

    /// Where a callback would go: asks for it as a callback does, and takes the question of its guard for the answer.
    private func addresses(of url: HTTPURL) async -> Result<[IPAddress], TransferFailure> {
        let seen = NIOLockedValueBox<[IPAddress]>([])
        let policy = TransferAddressPolicy(trafficClass: "explain") { addresses in
            seen.withLockedValue { $0 = addresses }
            return TransferRefusal(reason: "nothing is sent", detail: "nothing is sent")
        }
        let limits = TransferLimits(connect: Self.patience, total: Self.patience, bodyBytes: 0)
        do {
            _ = try await transport.perform(
                TransferRequest(method: .get, url: url.text, version: .http1, limits: limits, addressPolicy: policy), keeping: 0)
        } catch {
            let addresses = seen.withLockedValue { $0 }
            return addresses.isEmpty ? .failure(error) : .success(addresses)
        }
        return .success(seen.withLockedValue { $0 })
    }
}
