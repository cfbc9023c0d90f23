import DequeModule
import HTTPTypes
import RingbackCore

/// Remembers what was answered under which `Idempotency-Key`, so that a repeated request is answered and not done again.
///
/// Kept in memory: a restart forgets the keys. What a repetition could then do twice is harmless for most calls, since watches and
/// deliveries have derived ids; a relayed create is the exception.
struct IdempotencyTable: Sendable {
    struct Key: Sendable, Hashable {
        let caller: String?
        /// Method and path of the request.
        let target: String
        let key: String
    }

    enum Admission: Sendable {
        /// Do it; then call ``finish(_:with:)``.
        case proceed
        case repeated(Answer)
        /// The same request is being worked on.
        case underWay
        /// The key came with another body before.
        case mismatch
    }

    static let maximumKeys = 10_000
    static let maximumKeyBytes = 255
    static let lifetime = Duration.seconds(24 * 3600)
    /// Larger answers, and those that are relayed as they come, are not kept: their keys are forgotten at once.
    static let maximumAnswerBytes = 1024 * 1024
    static let maximumTotalBytes = 64 * 1024 * 1024

    private struct Entry {
        let body: [UInt8]
        let since: Timestamp
        var answer: Answer?
    }

    private var entries: [Key: Entry] = [:]
    /// Oldest first. Keys that were forgotten meanwhile are skipped when their turn comes.
    private var order: Deque<(key: Key, since: Timestamp)> = []
    private var totalBytes = 0

    /// - Parameter body: A digest of the request's body.
    mutating func admit(_ key: Key, body: [UInt8], now: Timestamp) -> Admission {
        makeRoom(now: now)
        if let entry = entries[key] {
            guard entry.body == body else { return .mismatch }
            return entry.answer.map { .repeated($0) } ?? .underWay
        }
        entries[key] = Entry(body: body, since: now)
        order.append((key, now))
        return .proceed
    }

    /// Keeps the answer when the request did what it should, and frees the key otherwise, so that it can be tried again.
    mutating func finish(_ key: Key, with answer: Answer?) {
        guard let answer, answer.status.kind == .successful, answer.relayed == nil, answer.body.count <= Self.maximumAnswerBytes else {
            forget(key)
            return
        }
        guard entries[key] != nil else { return }
        entries[key]?.answer = answer
        totalBytes += answer.body.count
    }

    private mutating func makeRoom(now: Timestamp) {
        while let oldest = order.first {
            let isOld = now - oldest.since >= Self.lifetime
            guard isOld || order.count >= Self.maximumKeys || totalBytes > Self.maximumTotalBytes else { return }
            order.removeFirst()
            // A key that was freed and used again has a younger entry, with its own place in the order.
            if entries[oldest.key]?.since == oldest.since { forget(oldest.key) }
        }
    }

    private mutating func forget(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        totalBytes -= entry.answer?.body.count ?? 0
    }
}
