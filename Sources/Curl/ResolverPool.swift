import DequeModule
import NIOConcurrencyHelpers
import RingbackCore
import Transport

/// Runs blocking look-ups on a few threads of its own, so that none holds up the loop.
///
/// A thread is started when a name comes and all are busy, and ends when no name waits. Nobody waits for these threads: one that hangs in
/// the system's resolver keeps this object alive until it is let go.
final class ResolverPool: Sendable {
    private struct Lookup: Sendable {
        let name: String
        let done: @Sendable (NameResolution) -> Void
    }

    private struct State: Sendable {
        var threads = 0
        var waiting: Deque<Lookup> = []
        var running: Set<String> = []
    }

    private let resolver: any NameResolver
    private let maxThreads: Int
    private let maxWaiting: Int
    private let state = NIOLockedValueBox(State())

    init(resolver: any NameResolver, maxThreads: Int, maxWaiting: Int) {
        self.resolver = resolver
        self.maxThreads = maxThreads
        self.maxWaiting = maxWaiting
    }

    /// Looks a name up.
    ///
    /// - Parameter done: Called once, on a thread of the pool or, when there is no place, before this returns.
    func resolve(_ name: String, done: @escaping @Sendable (NameResolution) -> Void) {
        let lookup = Lookup(name: name, done: done)
        enum Place { case thread, line, none }
        let place: Place = state.withLockedValue { state in
            if state.threads < maxThreads {
                state.threads += 1
                return .thread
            }
            guard state.waiting.count < maxWaiting else { return .none }
            state.waiting.append(lookup)
            return .line
        }
        switch place {
        case .thread: startThread(with: lookup)
        case .line: break
        case .none: done(.failed("\(maxWaiting) names wait already to be resolved"))
        }
    }

    /// Whether a thread is at work on the name, rather than the name waiting for a thread.
    func isRunning(_ name: String) -> Bool {
        state.withLockedValue { $0.running.contains(name) }
    }

    private func startThread(with first: Lookup) {
        do {
            try LoopThread.start(named: "resolver") { self.work(from: first) }
        } catch {
            state.withLockedValue { $0.threads -= 1 }
            first.done(.failed("\(error)"))
        }
    }

    private func work(from first: Lookup) {
        var next: Lookup? = first
        while let lookup = next {
            _ = state.withLockedValue { $0.running.insert(lookup.name) }
            let resolution = resolver.addresses(of: lookup.name)
            next = state.withLockedValue { state in
                state.running.remove(lookup.name)
                guard let next = state.waiting.popFirst() else {
                    state.threads -= 1
                    return nil
                }
                return next
            }
            lookup.done(resolution)
        }
    }
}
