package import RingbackCore

/// Judges where a transfer may connect to.
///
/// A transfer with a policy connects to no address that was not judged for it, however often its name changes its mind: the name is
/// resolved once, all its addresses are judged together, the connection goes to one of these, and the socket asks once more.
package struct TransferAddressPolicy: Sendable {
    /// Transfers of one class share connections with each other and with nobody else: an open connection is not judged again.
    package let trafficClass: String
    /// Judges everything the host resolves to; one refusal ends the transfer. Called on a thread of the transport, and must not block.
    package let judge: @Sendable ([IPAddress]) -> TransferRefusal?

    package init(trafficClass: String, judge: @escaping @Sendable ([IPAddress]) -> TransferRefusal?) {
        self.trafficClass = trafficClass
        self.judge = judge
    }
}

/// Why a policy lets no connection be made.
package struct TransferRefusal: Sendable, Hashable {
    /// For whoever gave the URL.
    package let reason: String
    /// For the operator's log only: says what names inside the operator's network resolve to.
    package let detail: String

    package init(reason: String, detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
