import Foundation
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing

/// The promise of contract section 6, tried on the real binary: at least once per (event, endpoint), always under one webhook id.
@Suite("A bridge that is killed again and again", .serialized)
struct SurvivalTests {
    /// How often the process is killed per run; `RINGBACK_TEST_KILLS` asks for more.
    static let kills = ProcessInfo.processInfo.environment["RINGBACK_TEST_KILLS"].flatMap(Int.init) ?? 60
    static let seed = ProcessInfo.processInfo.environment["RINGBACK_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)

    @Test("loses no acknowledged watch and delivers each event to each endpoint under one webhook id", .timeLimit(.minutes(10)))
    func killedAtRandomMoments() async throws {
        print("SurvivalTests seed: RINGBACK_TEST_SEED=\(Self.seed), kills: \(Self.kills)")
        try await Surroundings.lend { surroundings in
            let run = SurvivalRun(bridge: try Bridge(surroundings), generator: SeededGenerator(seed: Self.seed))
            try await run.killAndRestart(times: Self.kills, receiverIsDownUntilKill: 0)
            try await run.verifyEverythingArrived()
        }
    }

    @Test("delivers everything once its receiver is back", .timeLimit(.minutes(10)))
    func receiverDown() async throws {
        let seed = Self.seed &+ 1
        print("SurvivalTests seed: RINGBACK_TEST_SEED=\(Self.seed) (receiver down)")
        try await Surroundings.lend { surroundings in
            let run = SurvivalRun(bridge: try Bridge(surroundings), generator: SeededGenerator(seed: seed))
            try await run.killAndRestart(times: 15, receiverIsDownUntilKill: 10)
            try await run.verifyEverythingArrived()
        }
    }
}

/// One run: clients that create and register without a pause, and a bridge that dies under them.
struct SurvivalRun: Sendable {
    let bridge: Bridge
    private let generator: NIOLockedValueBox<SeededGenerator>
    /// Response id to expected outcome, once the bridge has acknowledged the watch.
    private let acknowledged = NIOLockedValueBox<[String: String]>([:])

    static let clients = 4

    init(bridge: Bridge, generator: SeededGenerator) {
        self.bridge = bridge
        self.generator = NIOLockedValueBox(generator)
    }

    func killAndRestart(times: Int, receiverIsDownUntilKill: Int) async throws {
        if receiverIsDownUntilKill > 0 { bridge.surroundings.received.answer(503) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.clients { group.addTask { try await registerUntilCancelled() } }
            for kill in 1...times {
                let process = try bridge.start()
                // Mostly in the middle of its work, sometimes while it starts.
                if number(in: 0..<10) > 0 { try await waitUntilReady(process, afterKill: kill - 1) }
                let time = SystemTime()
                try await time.sleep(until: time.now + .milliseconds(number(in: 5..<500)))
                await process.kill()
                if kill == receiverIsDownUntilKill { bridge.surroundings.received.answer(204) }
            }
            group.cancelAll()
            // The clients end with the error of their cancelled call.
            while let result = await group.nextResult() { if case .failure(let error) = result, !isCancellation(error) { throw error } }
        }
    }

    private func waitUntilReady(_ process: RingbackProcess, afterKill kill: Int) async throws {
        do {
            try await bridge.waitUntilReady()
        } catch {
            throw BridgeError("after kill \(kill): \(error); the bridge's last words:\n\(process.logText.suffix(4000))")
        }
    }

    private func isCancellation(_ error: any Error) -> Bool {
        Task.isCancelled || error is CancellationError || "\(error)".contains("cancelled")
    }

    private func registerUntilCancelled() async throws {
        let outcomes = ["completed", "completed", "completed", "failed", "incomplete"]
        while !Task.isCancelled {
            let outcome = outcomes[number(in: 0..<outcomes.count)]
            var script = ["outcome": outcome, "duration": "\(number(in: 50..<2500))ms", "output_bytes": "\(number(in: 10..<5000))"]
            switch number(in: 0..<10) {
            case 0: script["drop_stream_after"] = "4"
            case 1: script["refuse_stream"] = "true"
            case 2: script["refuse_stream"] = "empty"
            default: break
            }
            let response = try await bridge.surroundings.createResponse(script)
            try await bridge.register(response)
            acknowledged.withLockedValue { $0[response] = outcome }
        }
    }

    private func number(in range: Range<Int>) -> Int {
        generator.withLockedValue { Int.random(in: range, using: &$0) }
    }

    /// Starts the bridge a last time, waits for what is missing, and compares everything with what was acknowledged.
    func verifyEverythingArrived() async throws {
        let expected = acknowledged.withLockedValue { $0 }
        #expect(expected.count >= Self.clients, "the run was too short to mean anything")
        let process = try bridge.start()
        try await bridge.waitUntilReady()
        do {
            try await eventually(within: .seconds(120), "every event reached the receiver and the inbox") {
                let ids = try bridge.surroundings.received.webhookIDs()
                let files = try filesByResponse()
                return expected.keys.allSatisfy { ids[$0] != nil && files[$0] != nil }
            }
        } catch {
            Issue.record("\(error); the bridge's last words:\n\(process.logText.suffix(4000))")
        }
        try verifyCallbacks(expected)
        try verifyFiles(expected)
        try await verifyWatches(expected)
        print("SurvivalRun: \(expected.count) watches, \(bridge.surroundings.received.all.count) callbacks")
        let exit = await process.terminate()
        #expect(exit == RingbackProcess.Exit(status: 0, wasSignalled: false))
    }

    private func verifyCallbacks(_ expected: [String: String]) throws {
        var ids: [String: Set<String>] = [:]
        var types: [String: Set<String>] = [:]
        for callback in bridge.surroundings.received.all {
            #expect(callback.verdict == .verified)
            let body = try JSON(parsing: callback.body)
            let response = try #require(body["data"]?["id"]?.string)
            ids[response, default: []].insert(try #require(callback.webhookID))
            types[response, default: []].insert(try #require(body["type"]?.string))
        }
        for (response, outcome) in expected {
            #expect(ids[response]?.count == 1, "\(response) arrived under \(ids[response] ?? []) instead of one webhook id")
            #expect(types[response] == ["response.\(outcome)"])
        }
    }

    private func verifyFiles(_ expected: [String: String]) throws {
        let files = try filesByResponse()
        for (response, outcome) in expected {
            #expect(files[response]?.map { $0.hasSuffix(".\(outcome).json") } == [true], "\(response) has not exactly one file")
        }
    }

    /// The files' names, which are `<time>.<response id>.<outcome>.json`.
    private func filesByResponse() throws -> [String: [String]] {
        Dictionary(grouping: try bridge.inboxFiles()) { $0.split(separator: ".").dropFirst().first.map(String.init) ?? "" }
    }

    private func verifyWatches(_ expected: [String: String]) async throws {
        for (response, outcome) in expected {
            let list = try await bridge.surroundings.client.get(bridge.url + "/v1/watches?response_id=\(response)").json()
            #expect(list["data"]?.elements?.compactMap { $0["status"]?.string } == [outcome])
        }
    }
}
