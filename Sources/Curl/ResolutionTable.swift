import RingbackCore
import Transport

/// Who waits for which name, and what was found lately. Pure: the caller brings the time.
///
/// Many deliveries to one host ask once. What is remembered are the addresses and not a verdict on them: each transfer is judged itself,
/// and connects to the addresses it was judged by.
struct ResolutionTable {
    enum Answer: Hashable {
        case known(NameResolution)
        /// The name is being looked up; the transfer will be named by ``arrived(_:_:at:)``.
        case wait
        /// The same, and the look-up is yet to be started.
        case lookUp
    }

    private struct Found {
        let addresses: NameResolution
        let until: MonotonicInstant
    }

    /// More names are not remembered: the oldest go first.
    static let rememberedLimit = 1024

    private let lifetime: Duration
    private var waiting: [String: [TransferID]] = [:]
    private var found: [String: Found] = [:]

    /// - Parameter lifetime: How long addresses are good for; zero asks each time.
    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    mutating func ask(_ name: String, for transfer: TransferID, at now: MonotonicInstant) -> Answer {
        if let found = found[name], now < found.until { return .known(found.addresses) }
        let isFirst = waiting[name] == nil
        waiting[name, default: []].append(transfer)
        return isFirst ? .lookUp : .wait
    }

    /// - Returns: Who waited for the name, in order; some may have ended meanwhile.
    mutating func arrived(_ name: String, _ resolution: NameResolution, at now: MonotonicInstant) -> [TransferID] {
        // A failure is not remembered: the next attempt is far enough away, and should be told the truth then.
        if case .addresses = resolution, lifetime > .zero {
            if found.count >= Self.rememberedLimit { forget(at: now) }
            found[name] = Found(addresses: resolution, until: now + lifetime)
        }
        return waiting.removeValue(forKey: name) ?? []
    }

    private mutating func forget(at now: MonotonicInstant) {
        found = found.filter { now < $0.value.until }
        guard found.count >= Self.rememberedLimit, let oldest = found.min(by: { $0.value.until < $1.value.until }) else { return }
        found[oldest.key] = nil
    }
}
