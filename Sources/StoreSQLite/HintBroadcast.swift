import NIOConcurrencyHelpers
import RingbackCore
import Store

/// Passes each hint on to all listeners.
final class HintBroadcast: Sendable {
    private struct WeakMailbox: Sendable {
        weak let mailbox: HintMailbox?
    }

    private struct State {
        var listeners: [WeakMailbox] = []
        var isFinished = false
    }

    private let state = NIOLockedValueBox(State())

    /// A stream of the hints from now on. It ends when the store is closed or the listening task is cancelled; a listener that lets go
    /// of its stream is forgotten.
    func listen() -> AsyncStream<StoreHint> {
        let mailbox = HintMailbox()
        let isFinished = state.withLockedValue { state in
            state.listeners.removeAll { $0.mailbox == nil }
            if !state.isFinished { state.listeners.append(WeakMailbox(mailbox: mailbox)) }
            return state.isFinished
        }
        if isFinished { mailbox.finish() }
        return AsyncStream { await mailbox.next() }
    }

    func send(_ hint: StoreHint) {
        for listener in state.withLockedValue(\.listeners) { listener.mailbox?.put(hint) }
    }

    func finish() {
        let listeners = state.withLockedValue { state in
            state.isFinished = true
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener.mailbox?.finish() }
    }
}

/// The hints one listener has not taken yet, merged: however many there were, a slow listener finds each kind once.
final class HintMailbox: Sendable {
    /// Names and ids remembered per kind. What goes beyond is dropped, as hints may be.
    static let maximumRemembered = 10_000

    fileprivate struct State {
        var watchesRegistered = false
        var watchesStopped: [WatchID] = []
        var watchesWorthALook: Set<WatchID> = []
        var deliveriesDue: Set<EndpointName> = []
        var retriesDue: Set<EndpointName> = []
        var endpointsChanged = false
        var isFinished = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = NIOLockedValueBox(State())

    func put(_ hint: StoreHint) {
        let waiter = state.withLockedValue { state in
            state.merge(hint)
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    func finish() {
        let waiter = state.withLockedValue { state in
            state.isFinished = true
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// The next hint; `nil` when there will be no more.
    func next() async -> StoreHint? {
        while true {
            let (hint, isFinished) = state.withLockedValue { ($0.takeHint(), $0.isFinished) }
            if let hint { return hint }
            if isFinished { return nil }
            await withTaskCancellationHandler {
                await waitForChange()
            } onCancel: {
                finish()
            }
        }
    }

    private func waitForChange() async {
        await withCheckedContinuation { continuation in
            let mayWait = state.withLockedValue { state in
                precondition(state.waiter == nil, "a stream of hints has one listener")
                guard !state.isFinished, !state.holdsHint else { return false }
                state.waiter = continuation
                return true
            }
            if !mayWait { continuation.resume() }
        }
    }
}

extension HintMailbox.State {
    fileprivate var holdsHint: Bool {
        watchesRegistered || endpointsChanged || !watchesStopped.isEmpty || !watchesWorthALook.isEmpty || !deliveriesDue.isEmpty
            || !retriesDue.isEmpty
    }

    fileprivate mutating func merge(_ hint: StoreHint) {
        switch hint {
        case .watchesRegistered: watchesRegistered = true
        case .endpointsChanged: endpointsChanged = true
        case .watchesStopped(let ids): watchesStopped += ids.prefix(HintMailbox.maximumRemembered - watchesStopped.count)
        case .watchesWorthALook(let ids):
            watchesWorthALook.formUnion(ids.prefix(HintMailbox.maximumRemembered - watchesWorthALook.count))
        case .deliveriesDue(let endpoints):
            deliveriesDue.formUnion(endpoints.prefix(HintMailbox.maximumRemembered - deliveriesDue.count))
        case .retriesDue(let endpoints):
            retriesDue.formUnion(endpoints.prefix(HintMailbox.maximumRemembered - retriesDue.count))
        }
    }

    fileprivate mutating func takeHint() -> StoreHint? {
        if endpointsChanged {
            endpointsChanged = false
            return .endpointsChanged
        }
        if !watchesStopped.isEmpty {
            defer { watchesStopped = [] }
            return .watchesStopped(watchesStopped)
        }
        if !watchesWorthALook.isEmpty {
            defer { watchesWorthALook = [] }
            return .watchesWorthALook(Array(watchesWorthALook))
        }
        if !deliveriesDue.isEmpty {
            defer { deliveriesDue = [] }
            return .deliveriesDue(Array(deliveriesDue))
        }
        if !retriesDue.isEmpty {
            defer { retriesDue = [] }
            return .retriesDue(Array(retriesDue))
        }
        if watchesRegistered {
            watchesRegistered = false
            return .watchesRegistered
        }
        return nil
    }

    fileprivate mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
        defer { waiter = nil }
        return waiter
    }
}
