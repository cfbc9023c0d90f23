import ArgumentParser

/// What Ringback does most often, each as a piece of work that can be done so many times in a row and counted.
enum HotPath: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// An intermediate event of a stream is read.
    case event
    /// A watch is registered, and claimed to be followed.
    case registration
    /// A terminal event is read, and the watch's end, its event and its delivery are on disk.
    case ending
    /// A delivery is claimed from the store.
    case claim
    /// A callback is made, signed and sent, and its answer read.
    case callback
    /// A delivered attempt is recorded.
    case record

    /// What every run of it does before, as often, and is not to be counted.
    var preparation: HotPath? {
        switch self {
        case .event, .registration, .callback: nil
        case .ending: .registration
        case .claim: .ending
        case .record: .claim
        }
    }

    /// How often it is done for the small and for the large count, whose difference leaves out what happens once.
    var counts: (few: Int, many: Int) {
        switch self {
        case .event: (1000, 11_000)
        case .registration, .ending, .claim, .record: (200, 1200)
        case .callback: (100, 600)
        }
    }

    /// - Parameters:
    ///   - scratch: A directory for a store.
    ///   - hook: The URL of a receiver that takes whatever comes.
    func run(_ count: Int, scratch: String, hook: String) async throws {
        switch self {
        case .event: try EventPath.run(count)
        case .registration: try await StorePath(scratch: scratch).register(count)
        case .ending: try await StorePath(scratch: scratch).end(count)
        case .claim: try await StorePath(scratch: scratch).claim(count)
        case .record: try await StorePath(scratch: scratch).record(count)
        case .callback: try await CallbackPath.run(count, hook: hook)
        }
    }
}
