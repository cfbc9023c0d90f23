import RingbackCore
import Transport

/// The bounds of what passes through the proxy.
enum RelayLimits {
    /// Bytes of one answer that may wait for the client; then the upstream has to wait.
    static let waitingBytes = 64 * 1024
    /// How much of a created stream is held back while it is looked through for the response's id. Its first event repeats the request's
    /// instructions and tools.
    static let openingBytes = 1024 * 1024
    /// How much of a refusal is read to find out whether it means "unknown".
    static let refusalBytes = 64 * 1024
    /// Streams that are read on after their clients have left, in all. Above it they are ended like others.
    static let detachedStreams = 1000
    /// How long relayed answers under way may still take when the server shuts down. What takes longer is broken off.
    static let drain: Duration = .seconds(5)
    /// A call that is answered as soon as the upstream has looked something up.
    static let promptSilence: Duration = .seconds(60)
    /// A background create: mostly prompt, but some servers do the work first, whatever was asked for.
    static let createSilence: Duration = .seconds(600)
    /// A call that may think for long before its next byte: longer than any SDK waits, so that it is never the proxy that gives up first.
    /// A peer that is gone is found out by TCP's keepalive long before.
    static let patientSilence: Duration = .seconds(3600)

    /// - Parameters:
    ///   - silence: How long the upstream may send nothing.
    ///   - upstream: No relayed call outlives its longest watch.
    static func transfer(silence: Duration, upstream: Upstream) -> TransferLimits {
        TransferLimits(total: max(upstream.maximumWatchAge, silence), idle: silence, bodyBytes: nil)
    }
}
