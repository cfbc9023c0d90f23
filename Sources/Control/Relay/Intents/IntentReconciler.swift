package import Logging
package import ResponsesAPI
package import RingbackCore
package import Store
import Transport

/// Finds out what became of creates whose answers got lost, because a connection broke or an earlier process died, and has the responses
/// they made watched as their clients had asked.
///
/// An upstream can be asked in one of two ways: it lists its responses, or it answers a repeated create with the response it made before
/// (`idempotent_creates`). One that can do neither cannot be asked: the intent is given up with a warning.
package actor IntentReconciler {
    /// Intents that are looked at together.
    private static let piece = 500
    /// What is read as left over may have been settled a moment ago: it has to stay so for this long.
    private static let settling: Duration = .seconds(1)
    /// How often the store is looked at without being told to.
    private static let interval: Duration = .seconds(30)

    /// What is remembered of an intent from round to round.
    private struct Progress {
        let noticed: Moment
        let noticedAt: Timestamp
        var next: Moment
        var asked = 0
    }

    private let ledger: IntentLedger
    private let store: any Store
    private let client: @Sendable (UpstreamName) -> ResponsesClient?
    private let time: any TimeSource
    private let logger: Logger
    private let detached = DetachedStreams()
    private var progress: [IntentID: Progress] = [:]
    private var found = 0
    private var givenUp: [IntentFate.Reason: Int] = [:]

    package init(
        ledger: IntentLedger, store: any Store, client: @escaping @Sendable (UpstreamName) -> ResponsesClient?, time: any TimeSource,
        logger: Logger
    ) {
        self.ledger = ledger
        self.store = store
        self.client = client
        self.time = time
        self.logger = logger
    }

    /// Works until cancelled.
    package func run() async {
        while !Task.isCancelled {
            do {
                try await look()
            } catch {
                logger.warning("intents cannot be looked at; trying again later", metadata: ["error": "\(error)"])
            }
            let next = progress.values.map(\.next).min() ?? .distantFuture
            await ledger.waitForChange(until: max(min(next, time.now + Self.interval), time.now + .milliseconds(100)))
        }
    }

    package var snapshot: IntentReconcilerSnapshot {
        IntentReconcilerSnapshot(
            leftOver: progress.count, found: found,
            givenUp: Dictionary(uniqueKeysWithValues: IntentFate.Reason.allCases.map { ($0.rawValue, givenUp[$0] ?? 0) })
        )
    }

    // MARK: One round

    private func look() async throws(StoreError) {
        // Asked before and after: a create that begins or ends meanwhile is in one of the two.
        let before = ledger.current
        let rows = try await store.intents(of: ledger.node, now: time.wallNow, limit: Self.piece)
        let underWay = before + ledger.current
        let leftOver = rows.filter { row in !underWay.contains { $0.id == row.id } }
        note(leftOver)
        let due = leftOver.filter { progress[$0.id].map { $0.next <= time.now } ?? false }
        for group in Dictionary(grouping: due, by: Asked.init).values {
            guard let first = group.first else { continue }
            guard let client = client(first.upstream) else {
                for intent in group { await giveUp(intent, .upstreamRemoved) }
                continue
            }
            if first.repetition != nil {
                for intent in group { await repeatCreate(intent, client) }
            } else {
                await searchList(for: group, underWay: underWay, client)
            }
        }
    }

    /// What is asked about together: one upstream, in the name of one owner.
    private struct Asked: Hashable {
        let upstream: UpstreamName
        let headers: [HeaderField]
        let repetition: IntentID?

        init(_ intent: CreateIntent) {
            upstream = intent.upstream
            headers = intent.headers
            repetition = intent.repetition == nil ? nil : intent.id
        }
    }

    private func note(_ leftOver: [CreateIntent]) {
        let known = Set(leftOver.map(\.id))
        progress = progress.filter { known.contains($0.key) }
        for intent in leftOver where progress[intent.id] == nil {
            progress[intent.id] = Progress(noticed: time.now, noticedAt: time.wallNow, next: time.now + Self.settling)
        }
    }

    // MARK: The list

    private func searchList(for intents: [CreateIntent], underWay: [CreateIntent], _ client: ResponsesClient) async {
        let leftOver = intents.map { intent in
            IntentMatching.LeftOver(intent: intent, noticedAt: progress[intent.id]?.noticedAt ?? time.wallNow)
        }
        switch await ResponseList(client, headers: intents[0].headers, time: time).read(for: leftOver) {
        case .listed(let responses, let matching):
            do {
                let unwatched = try await unwatched(responses, upstream: intents[0].upstream)
                let matches = matching.matches(leftOver: leftOver, underWay: underWay + ledger.current, unwatched: unwatched)
                for intent in intents {
                    if let response = matches[intent.id] {
                        try await register(response.id, model: response.facts.model, intent)
                    } else {
                        await decide(intent, .listedWithoutIt, client.upstream)
                    }
                }
            } catch {
                logger.warning(
                    "a found response cannot be registered; trying again later",
                    metadata: ["upstream.name": "\(client.upstream.name)", "error": "\(error)"])
                for intent in intents { postpone(intent) }
            }
        case .noList:
            for intent in intents { await decide(intent, .noList, client.upstream) }
        case .unavailable:
            for intent in intents { await decide(intent, .none, client.upstream) }
        }
    }

    private func unwatched(_ responses: [ListedResponse], upstream: UpstreamName) async throws(StoreError) -> [ListedResponse] {
        var unwatched: [ListedResponse] = []
        for response in responses
        where try await store.watch(WatchID(upstream: upstream, response: response.id)) == nil { unwatched.append(response) }
        return unwatched
    }

    // MARK: Sending again

    private func repeatCreate(_ intent: CreateIntent, _ client: ResponsesClient) async {
        guard let repetition = intent.repetition else { return }
        // Not the patience of the first time: while one create is repeated, the others wait.
        let limits = RelayLimits.transfer(silence: RelayLimits.promptSilence, upstream: client.upstream)
        let request = client.request(
            .post, path: [], query: repetition.query, headers: repetition.headers, body: repetition.body, limits: limits
        )
        let pipe = RelayPipe(request, by: client.transport)
        pipe.mayReadOn(in: detached)
        defer { pipe.abandon() }
        do {
            switch try await CreateReading.read(pipe, now: time.wallNow) {
            case .response(let text, let model, _):
                try await register(ResponseID(validating: text), model: model, intent)
            case .refused(let answer) where Self.saysLater(answer.head.status):
                await decide(intent, .none, client.upstream)
            case .refused, .unnamed:
                await giveUp(intent, .repetitionRefused)
            }
        } catch is InvalidIdentifier {
            await giveUp(intent, .repetitionRefused)
        } catch {
            await decide(intent, .none, client.upstream)
        }
    }

    /// 409 is what an upstream answers that is still busy with the first create of this key.
    private static func saysLater(_ status: Int) -> Bool {
        [401, 403, 408, 409, 425, 429].contains(status) || status >= 500
    }

    // MARK: Endings

    private func register(_ response: ResponseID, model: String?, _ intent: CreateIntent) async throws(StoreError) {
        let watch = NewWatch(intent, response: response, model: model)
        let registration = try await store.register(watch, resolving: intent.id, now: time.wallNow)
        progress[intent.id] = nil
        guard registration != nil else { return }
        found += 1
        logger.notice(
            "a response was found whose create had no answer: it is watched now",
            metadata: [
                "intent.id": "\(intent.id)", "upstream.name": "\(intent.upstream)", "watch.id": "\(watch.id)", "response.id": "\(response)",
            ]
        )
    }

    private func decide(_ intent: CreateIntent, _ answer: IntentFate.Answer, _ upstream: Upstream) async {
        guard var progress = progress[intent.id] else { return }
        progress.asked += 1
        let since = time.now - progress.noticed
        switch IntentFate(answer, asked: progress.asked, since: since, maximumAge: upstream.maximumWatchAge) {
        case .askAgain(let wait):
            progress.next = time.now + wait
            self.progress[intent.id] = progress
        case .giveUp(let reason):
            await giveUp(intent, reason)
        }
    }

    private func postpone(_ intent: CreateIntent) {
        progress[intent.id]?.asked += 1
        if let asked = progress[intent.id]?.asked { progress[intent.id]?.next = time.now + IntentFate.wait(afterAsking: asked) }
    }

    private func giveUp(_ intent: CreateIntent, _ reason: IntentFate.Reason) async {
        do {
            try await store.close(intent.id)
        } catch {
            logger.warning(
                "an intent cannot be closed; trying again later",
                metadata: ["intent.id": "\(intent.id)", "upstream.name": "\(intent.upstream)", "error": "\(error)"])
            return postpone(intent)
        }
        progress[intent.id] = nil
        givenUp[reason, default: 0] += 1
        logger.warning(
            "what became of a create is not known and will not be found out: if it made a response, that is not watched",
            metadata: [
                "intent.id": "\(intent.id)", "upstream.name": "\(intent.upstream)", "intent.created_at": "\(intent.createdAt.rfc3339)",
                "reason": "\(reason.rawValue)",
            ]
        )
    }
}

/// For metrics.
package struct IntentReconcilerSnapshot: Sendable, Hashable {
    /// Creates whose fate is being looked into.
    package let leftOver: Int
    package let found: Int
    /// By reason; all reasons there are.
    package let givenUp: [String: Int]
}
