import NIOConcurrencyHelpers
package import Transport

/// SMTP by libcurl: a thread for each mail that is being handed over.
///
/// Mails do not travel on the loop of ``CurlTransport``: libcurl waits for the answer to a mail's end, and to QUIT, without giving its
/// thread back ("smtp_done" in its lib/smtp.c; libcurl-multi(3), "Blocking"), so one slow mail server would hold up every callback.
package final class CurlMailTransport: MailTransport {
    /// The bounds of one ``CurlMailTransport``.
    package struct Options: Sendable {
        /// Mails under way to the operator's own servers, and as many to those of strangers; further ones wait for as long as they have time.
        package var maxTransfers: Int
        /// Mails under way to one server.
        package var maxPerServer: Int
        /// Mails that may wait for a place; further ones end at once as ``TransportError/internalTrouble(_:)``.
        package var maxQueued: Int
        /// Resolves the names of servers with an address policy; other names are left to libcurl.
        package var resolver: any NameResolver

        package init(
            maxTransfers: Int = 32, maxPerServer: Int = 8, maxQueued: Int = 1000, resolver: any NameResolver = SystemResolver()
        ) {
            self.maxTransfers = maxTransfers
            self.maxPerServer = maxPerServer
            self.maxQueued = maxQueued
            self.resolver = resolver
        }
    }

    /// A mail from its order to its outcome.
    private struct Order: Sendable {
        let id: TransferID
        let mail: PreparedMail
        let isJudged: Bool
        let start: MonotonicInstant
        let cancellation: MailHandover.Cancellation
        let done: CheckedContinuation<MailTransferOutcome, Never>
    }

    /// The mails that share places: strangers' servers, which may be slow on purpose, never use up those of the operator.
    private struct Places: Sendable {
        var admission: Admission
        var waiting: [TransferID: (order: Order, lane: Admission.Lane)] = [:]
    }

    private struct State: Sendable {
        var own: Places
        var judged: Places
        var lastTransfer: UInt64 = 0

        subscript(isJudged isJudged: Bool) -> Places {
            get { isJudged ? judged : own }
            set { if isJudged { judged = newValue } else { own = newValue } }
        }
    }

    private enum Admitted {
        case begin(Admission.Lane)
        case wait
        case end(TransportError)
    }

    private let options: Options
    private let state: NIOLockedValueBox<State>

    /// - Throws: When libcurl is too old or lacks something.
    package init(options: Options = Options()) throws(CurlTransportError) {
        try CurlLibrary.prepare()
        self.options = options
        let places = Places(
            admission: Admission(
                maxActive: options.maxTransfers, maxWaiting: options.maxQueued, maxOpeningPerHost: options.maxPerServer))
        state = NIOLockedValueBox(State(own: places, judged: places))
    }

    package func send(_ mail: MailTransfer) async -> MailTransferOutcome {
        let prepared: PreparedMail
        do throws(TransportError) {
            prepared = try PreparedMail(mail)
        } catch {
            return MailTransferOutcome(failure: .notSent(error))
        }
        let cancellation = MailHandover.Cancellation()
        let id = state.withLockedValue { state in
            state.lastTransfer += 1
            return TransferID(state.lastTransfer)
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start(
                    Order(
                        id: id, mail: prepared, isJudged: mail.addressPolicy != nil, start: .now(), cancellation: cancellation,
                        done: continuation))
            }
        } onCancel: {
            cancel(id, cancellation)
        }
    }

    // MARK: Places

    private func start(_ order: Order) {
        let server = order.mail.mail.server
        let admitted: Admitted = state.withLockedValue { state in
            // It may have been cancelled before it came here; afterwards it is found among those who wait.
            guard !order.cancellation.isCancelled else { return .end(.cancelled) }
            switch state[isJudged: order.isJudged].admission.arrive(order.id, host: "\(server.host.lowercased()):\(server.port)") {
            case .begin(let lane):
                return .begin(lane)
            case .wait(let lane):
                state[isJudged: order.isJudged].waiting[order.id] = (order, lane)
                return .wait
            case .refuse:
                return .end(.internalTrouble("\(options.maxQueued) mails wait already to be sent"))
            }
        }
        switch admitted {
        case .begin(let lane): startThread(with: order, in: lane)
        case .wait: break
        case .end(let error): order.done.resume(returning: MailTransferOutcome(failure: .notSent(error)))
        }
    }

    private func cancel(_ id: TransferID, _ cancellation: MailHandover.Cancellation) {
        let order: Order? = state.withLockedValue { state in
            cancellation.cancel()
            for isJudged in [false, true] {
                guard let (order, lane) = state[isJudged: isJudged].waiting.removeValue(forKey: id) else { continue }
                state[isJudged: isJudged].admission.withdraw(id, from: lane)
                return order
            }
            return nil
        }
        order?.done.resume(returning: MailTransferOutcome(failure: .notSent(.cancelled)))
    }

    private func startThread(with order: Order, in lane: Admission.Lane) {
        do throws(CurlTransportError) {
            try LoopThread.start(named: "mail") { self.work(from: order, in: lane) }
        } catch {
            order.done.resume(returning: MailTransferOutcome(failure: .notSent(.internalTrouble("\(error)"))))
            // The system gives no thread: those who wait get the same answer, one after the other.
            if let next = ended(lane, isJudged: order.isJudged) { startThread(with: next.order, in: next.lane) }
        }
    }

    /// One thread's life: the mail it was started for, and those that find no place before it ends.
    private func work(from first: Order, in lane: Admission.Lane) {
        var next: (order: Order, lane: Admission.Lane)? = (first, lane)
        while let (order, lane) = next {
            let handover = MailHandover(
                order.mail, start: order.start, resolver: options.resolver, cancellation: order.cancellation)
            let outcome = handover.run()
            next = ended(lane, isJudged: order.isJudged)
            order.done.resume(returning: outcome)
        }
    }

    /// - Returns: Who has the place from now on.
    private func ended(_ lane: Admission.Lane, isJudged: Bool) -> (order: Order, lane: Admission.Lane)? {
        state.withLockedValue { state in
            state[isJudged: isJudged].admission.ended(lane)
            return state[isJudged: isJudged].admission.next().flatMap { state[isJudged: isJudged].waiting.removeValue(forKey: $0) }
        }
    }
}
