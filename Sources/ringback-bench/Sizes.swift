/// How much is measured.
struct Sizes: Sendable, Codable {
    /// Silent streams, one number after the other in the same process.
    var idle = [1000, 5000]
    /// Streams that chatter.
    var steady = 1000
    /// How long chatter is listened to, in seconds, and over how long the chattering streams then end.
    var steadySeconds = 10
    /// Streams that end within one second.
    var burst = 5000
    /// Callbacks that wait in the store.
    var deliveries = 5000
    /// Streams that are read through the proxy.
    var relayed = 100
    /// Events a second in each of them.
    var relayedRate = 20
    /// Dead letters that are redriven.
    var letters = 100_000
    /// Seconds for what comes in the wake of a change, such as writing back progress, to be over.
    var settlingSeconds = 2.0

    static let full = Sizes()
    /// Says that everything works, and little about speed.
    static let quick = Sizes(
        idle: [200], steady: 200, steadySeconds: 2, burst: 200, deliveries: 500, relayed: 20, letters: 500, settlingSeconds: 0.3)

    /// Descriptors that the largest scenario needs in one process.
    var descriptors: Int {
        (idle + [steady, burst]).reduce(0, max) + Self.otherDescriptors
    }

    private static let otherDescriptors = 500
}
