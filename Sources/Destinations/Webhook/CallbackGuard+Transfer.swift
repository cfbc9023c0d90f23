import AddressGuard
import RingbackCore
import Transport

extension TransferAddressPolicy {
    /// For the operator's own endpoints: they may be anywhere, but their names are resolved where a stranger's are, so that a resolver that
    /// does not answer is told from a name that does not exist.
    static let operatorsOwn = TransferAddressPolicy(trafficClass: "operator") { _ in nil }

    /// The guard's word on the addresses that a callback's URL leads to.
    init(_ callbackGuard: CallbackGuard, for url: HTTPURL) {
        self.init(trafficClass: callbackGuard.trafficClass) { addresses in
            callbackGuard.judge(addresses, of: url).map { TransferRefusal($0) }
        }
    }
}

extension TransferRefusal {
    init(_ refusal: GuardRefusal) {
        self.init(reason: refusal.reason, detail: refusal.detail)
    }
}
