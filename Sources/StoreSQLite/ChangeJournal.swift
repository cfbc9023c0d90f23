import NIOConcurrencyHelpers
import Store

/// Which rows changed, in the order of the commits. It holds their numbers only: whoever wants to know reads the rows.
final class ChangeJournal: Sendable {
    /// Changes that are remembered. One takes 16 bytes.
    static let capacity = 32_768

    enum Table: Sendable, Hashable {
        case watches
        case events
        case deliveries
    }

    struct Entry: Sendable, Hashable {
        let table: Table
        let seq: Int64
    }

    private struct State {
        /// The newest ones, up to twice ``capacity``, so that room is made seldom.
        var entries: [Entry] = []
        /// The number of the change before `entries`.
        var forgotten: Int64 = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
        var isFinished = false

        var latest: Int64 { forgotten + Int64(entries.count) }
        /// The oldest place from which everything is known.
        var oldest: Int64 { max(forgotten, latest - Int64(ChangeJournal.capacity)) }
    }

    /// Names this journal among those of other processes.
    private let name: String
    private let state = NIOLockedValueBox(State())

    init(name: String) {
        self.name = name
    }

    var latest: ChangeMark { mark(state.withLockedValue(\.latest)) }

    func mark(_ number: Int64) -> ChangeMark {
        ChangeMark(journal: name, number: number)
    }

    /// Takes over what one transaction changed.
    func append(_ entries: [Entry]) {
        guard !entries.isEmpty else { return }
        let listeners = state.withLockedValue { state in
            state.entries += entries
            if state.entries.count > 2 * Self.capacity {
                let surplus = state.entries.count - Self.capacity
                state.entries.removeFirst(surplus)
                state.forgotten += Int64(surplus)
            }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield() }
    }

    /// - Returns: The entries with the number of the first; `nil` when they are not known any more, or never were.
    func entries(after mark: ChangeMark, limit: Int) -> (first: Int64, entries: ArraySlice<Entry>)? {
        guard mark.journal == name else { return nil }
        return state.withLockedValue { state in
            guard mark.number >= state.oldest, mark.number <= state.latest else { return nil }
            let start = Int(mark.number - state.forgotten)
            return (mark.number + 1, state.entries[start..<min(start + limit, state.entries.count)])
        }
    }

    func signals() -> AsyncStream<Void> {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLockedValue { state in
            guard !state.isFinished else { return nil }
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        guard let number else {
            continuation.finish()
            return signals
        }
        continuation.onTermination = { [weak self] _ in self?.forget(number) }
        return signals
    }

    func finish() {
        let listeners = state.withLockedValue { state in
            state.isFinished = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }

    private func forget(_ listener: Int) {
        state.withLockedValue { $0.listeners[listener] = nil }
    }
}
