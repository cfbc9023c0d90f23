import RingbackCore

/// First attempts of an endpoint with a digest that gather in the store until they are worth a message.
struct Gathering: Sendable, Hashable {
    private let maximum: Int
    /// When the first of them has waited long enough.
    let until: Timestamp
    private(set) var count = 0

    init(_ digest: Digest, since: Timestamp) {
        maximum = digest.maximum
        until = since + digest.window
    }

    /// Another event is about to be recorded.
    mutating func add() {
        count += 1
    }

    /// More are known to be there than one message takes.
    mutating func fill() {
        count = maximum
    }

    var isFull: Bool { count >= maximum }

    func isDue(now: Timestamp) -> Bool { isFull || until <= now }
}
