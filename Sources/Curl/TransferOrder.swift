import Transport

/// What other threads ask of the loop.
enum TransferOrder: Sendable {
    case start(TransferID, PreparedRequest, HandedOver)
    /// A request that was found wanting before it reached the loop; its handler still hears so there.
    case refuse(TransportError, HandedOver)
    case cancel(TransferID)
    case resume(TransferID)
    /// A look-up is done.
    case resolved(String, NameResolution)
    /// Ends everything; the continuation is resumed when the thread is about to be gone.
    case shutDown(CheckedContinuation<Void, Never>?)
}

/// A handler on its way to the loop.
struct HandedOver: @unchecked Sendable {
    // Proof: the caller gave the handler up (it is `sending`), and nobody but the loop opens this box.
    let handler: any TransferHandler
}
