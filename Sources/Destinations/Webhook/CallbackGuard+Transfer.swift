import AddressGuard
import RingbackCore
import Transport

extension TransferAddressPolicy {
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
