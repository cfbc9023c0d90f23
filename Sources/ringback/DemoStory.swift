import Curl
import Foundation
import RawJSON
import RingbackCore
import RingbackService
import ServiceLifecycle
import Transport

/// What happens in the demo, from the first line to the last.
struct DemoStory: Service {
    let demo: Demo
    let board: DemoBoard
    let alarm: Alarm
    let ports: AsyncStream<(part: Demo.Part, port: Int)>
    let announce: AsyncStream<(part: Demo.Part, port: Int)>.Continuation
    let secret: Secret

    private let time = SystemTime()

    /// One response of the story.
    private struct Chapter {
        let outcome: TerminalStatus
        let duration: String
        let isCancelled: Bool
        let isWatchedClosely: Bool

        /// What will come of it, for a person.
        var plan: String {
            switch outcome {
            case .completed: "will complete in 8 seconds; watch its progress"
            case .failed: "will fail in 2 seconds"
            case .incomplete: "will be cut short in 4 seconds"
            case .cancelled: "would take an hour, but will be cancelled"
            }
        }
    }

    private static let chapters = [
        Chapter(outcome: .completed, duration: "8s", isCancelled: false, isWatchedClosely: true),
        Chapter(outcome: .failed, duration: "2s", isCancelled: false, isWatchedClosely: false),
        Chapter(outcome: .incomplete, duration: "4s", isCancelled: false, isWatchedClosely: false),
        // It would run for an hour; the demo cancels it through the bridge.
        Chapter(outcome: .cancelled, duration: "1h", isCancelled: true, isWatchedClosely: false),
    ]
    private static let cancelAfter: Duration = .seconds(3)

    init(
        demo: Demo, board: DemoBoard, alarm: Alarm, ports: AsyncStream<(part: Demo.Part, port: Int)>,
        announce: AsyncStream<(part: Demo.Part, port: Int)>.Continuation, secret: Secret
    ) {
        self.demo = demo
        self.board = board
        self.alarm = alarm
        self.ports = ports
        self.announce = announce
        self.secret = secret
    }

    func run() async throws {
        var known: [Demo.Part: Int] = [:]
        var iterator = ports.makeAsyncIterator()
        while known.count < 2, let (part, port) = await iterator.next() { known[part] = port }
        guard let vendor = known[.vendor], let application = known[.application] else { return }
        let settings = try demo.settings(vendorPort: vendor, applicationPort: application, secret: secret)
        let node = try await Node(settings: settings, logger: quietLogger("bridge")) { announce.yield((.bridge, $0)) }
        let bridge = ServiceGroup(services: [node], logger: quietLogger("bridge"))
        let transport = try CurlTransport(options: CurlTransportOptions(name: "demo"))
        let story = await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bridge.run() }
            group.addTask { try await tellWhenListening(vendor: vendor, application: application, transport: transport) }
            // Either the story is told, or the bridge has failed and its error ends the story.
            let first = await group.nextResult()
            await bridge.triggerGracefulShutdown()
            if case .failure = first { group.cancelAll() }
            let rest = await group.nextResult()
            return first?.failure.map(Swift.Result.failure) ?? rest ?? .success(())
        }
        await transport.shutdown()
        try story.get()
    }

    private func tellWhenListening(vendor: Int, application: Int, transport: CurlTransport) async throws {
        for await (part, port) in ports where part == .bridge {
            let bridge = "http://\(demo.listen.host):\(port)"
            introduce(vendor: vendor, application: application, bridge: bridge)
            try await tell(bridge: bridge, transport: transport)
            return
        }
    }

    private func introduce(vendor: Int, application: Int, bridge: String) {
        Terminal.print(
            """
            Ringback demo: four background responses, and the bridge that rings back when each has ended.

              vendor       http://127.0.0.1:\(vendor)/v1   a sandbox that plays an LLM vendor's Responses API
              bridge       \(bridge)      Ringback: follows each response, keeps the result, signs and delivers
              application  http://127.0.0.1:\(application)      your program: receives callbacks and checks each signature
              inbox        \(demo.directory.path)/inbox   a directory where scripts find files

              dashboard    \(bridge)/     open it in a browser and watch

            """)
    }

    private func tell(bridge: String, transport: any Transport) async throws {
        var watchedClosely: String?
        var toCancel: String?
        for chapter in Self.chapters {
            let id = try await create(chapter, bridge: bridge, transport: transport)
            await board.expect(DemoBoard.Expected(id: id, outcome: chapter.outcome), plan: chapter.plan)
            if chapter.isWatchedClosely { watchedClosely = id }
            if chapter.isCancelled { toCancel = id }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [watchedClosely] in await showProgress(of: watchedClosely, bridge: bridge, transport: transport) }
            group.addTask { [toCancel] in await cancelLater(toCancel, bridge: bridge, transport: transport) }
            group.addTask { await lookIntoInbox() }
            await waitForEverything()
            group.cancelAll()
        }
        try await conclude(bridge: bridge)
    }

    private func create(_ chapter: Chapter, bridge: String, transport: any Transport) async throws -> String {
        let body = """
            {"model": "demo-model", "input": "Tell me about patience.", "background": true, "stream_events": true,
             "metadata": {"sandbox.outcome": "\(chapter.isCancelled ? "completed" : chapter.outcome.rawValue)",
                          "sandbox.duration": "\(chapter.duration)", "sandbox.delta_interval": "200ms"}}
            """
        let answer = try await send(.post, bridge + "/v1/responses", body: body, transport: transport)
        guard let id = try? JSON(parsing: answer.body)["id"]?.string else {
            throw CommandFailure("the bridge did not create a response: it answered \(answer.head.status)")
        }
        return id
    }

    private func send(_ method: TransferRequest.Method, _ url: String, body: String? = nil, transport: any Transport) async throws
        -> TransferAnswer
    {
        do {
            let headers = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
            return try await transport.perform(
                TransferRequest(method: method, url: url, headers: headers, body: body.map { Array($0.utf8) }))
        } catch {
            throw CommandFailure("the bridge does not answer: \(error.error)")
        }
    }

    private func showProgress(of id: String?, bridge: String, transport: any Transport) async {
        guard let id else { return }
        let watchID = WatchID(upstream: Demo.upstreamName, response: ResponseID(trusted: id))
        while !Task.isCancelled {
            await pause(.milliseconds(1500))
            // Progress is decoration: a look that fails is a line less.
            guard !Task.isCancelled, let answer = try? await send(.get, "\(bridge)/v1/watches/\(watchID)", transport: transport),
                let watch = try? JSON(parsing: answer.body), let status = watch["status"]?.string,
                status == "queued" || status == "in_progress"
            else { continue }
            await board.progress(id, status: status, event: watch["sequence_number"]?.integer)
        }
    }

    private func cancelLater(_ id: String?, bridge: String, transport: any Transport) async {
        guard let id else { return }
        await pause(Self.cancelAfter)
        guard !Task.isCancelled else { return }
        await board.say("cancel", "the demo cancels the long one at the vendor, through the bridge")
        // When this fails the callback stays out, and the end of the demo says so.
        _ = try? await send(.post, bridge + "/v1/responses/\(id)/cancel", transport: transport)
    }

    private func lookIntoInbox() async {
        while !Task.isCancelled {
            for name in demo.landedFiles() { await board.file(name) }
            await pause(.milliseconds(50))
        }
    }

    private func pause(_ duration: Duration) async {
        // A cancelled pause ends early, and its caller looks whether it is cancelled.
        try? await time.sleep(until: time.now + duration)
    }

    private func waitForEverything() async {
        let deadline = time.now + Demo.deadline
        while !Task.isCancelled, time.now < deadline {
            if await board.missing.isEmpty { return }
            if await board.failure != nil { return }
            await alarm.wait(until: deadline)
        }
    }

    private func conclude(bridge: String) async throws {
        guard !Task.isCancelled else { return }
        let missing = await board.missing
        if let problem = await board.failure ?? (missing.isEmpty ? nil : "not within a minute: \(missing.joined(separator: ", "))") {
            guard !once else { throw CommandFailure(problem) }
            Terminal.complain(problem)
        } else {
            let seconds = Int(await board.elapsed.inSeconds.rounded())
            Terminal.print("\nAll four outcomes arrived, as verified callbacks and as files, after \(seconds) seconds.")
        }
        guard !once else { return }
        Terminal.print(
            """

            The bridge goes on running. In another terminal:
              ringback watches list                 what was followed, and how it ended
              ringback deliveries list              what was sent where, and how often it was tried
              ls \(demo.directory.path)/inbox/new
              echo '{"model": "demo-model", "input": "hi"}' | ringback create --wait
            \(bridge == ServerOptions.standardServer ? "" : "  (with --server \(bridge))\n")
            Next: point it at a real vendor (README.md). Press Ctrl-C to stop.
            """)
        while !Task.isCancelled { await pause(.seconds(3600)) }
    }

    private var once: Bool { demo.once }
}

extension Swift.Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
