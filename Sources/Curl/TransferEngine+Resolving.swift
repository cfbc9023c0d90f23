import RingbackCore
import Transport

// The step before libcurl, for transfers with a policy: the name is resolved here and not there, so that all its addresses are known
// before the first connection is tried. libcurl is then given these and no others.
extension TransferEngine {
    func resolve(_ transfer: Transfer, in lane: Admission.Lane, by policy: TransferAddressPolicy) {
        transfer.stage = .resolving(lane)
        let name = transfer.host
        switch resolutions.ask(name, for: transfer.id, at: clock.now) {
        case .known(let resolution):
            return found(resolution, for: transfer, in: lane, by: policy)
        case .wait:
            break
        case .lookUp:
            // The loop hears of the end even when nobody waits any more; a loop that has shut down needs not.
            resolver.resolve(name) { [loop] in loop.submitUnlessShut(.resolved(name, $0)) }
        }
        let limit = min(transfer.limits.connect, transfer.limits.total ?? transfer.limits.connect)
        transfer.deadline = deadlines.add(transfer.id, at: clock.now + limit)
    }

    /// A look-up is done, for everybody who waited.
    func resolved(_ name: String, _ resolution: NameResolution) {
        for id in resolutions.arrived(name, resolution, at: clock.now) {
            guard let transfer = transfers[id], case .resolving(let lane) = transfer.stage,
                let policy = transfer.request?.request.addressPolicy
            else { continue }
            found(resolution, for: transfer, in: lane, by: policy)
        }
    }

    private func found(_ resolution: NameResolution, for transfer: Transfer, in lane: Admission.Lane, by policy: TransferAddressPolicy) {
        transfer.deadline = nil
        switch resolution {
        case .addresses([]): end(transfer, .failed(.nameNotFound(host: transfer.host)))
        case .addresses(let addresses): route(transfer, in: lane, by: policy, to: addresses, lookup: clock.now - transfer.since)
        case .unanswered: end(transfer, .failed(.nameUnanswered(host: transfer.host)))
        case .notFound: end(transfer, .failed(.nameNotFound(host: transfer.host)))
        case .failed(let detail): end(transfer, .failed(.internalTrouble(detail)))
        }
    }

    /// Has all addresses judged before libcurl hears of any.
    func route(
        _ transfer: Transfer, in lane: Admission.Lane, by policy: TransferAddressPolicy, to addresses: [IPAddress], lookup: Duration?
    ) {
        if let refusal = policy.judge(addresses) { return end(transfer, .failed(.refusedByGuard(refusal))) }
        transfer.route = Transfer.Route(policy: policy, addresses: addresses, lookup: lookup)
        open(transfer, in: lane)
    }

    /// A name server that is slow is the host's trouble; one that was not asked yet is ours.
    func lookupTimeout(of transfer: Transfer) -> TransportError {
        resolver.isRunning(transfer.host) ? .connectTimeout : .internalTrouble("too many names wait to be resolved")
    }
}
