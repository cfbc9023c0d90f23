import ArgumentParser
import Curl
import Foundation
import RingbackCore
import UnixSignals
import WebhookSignature

/// `ringback-bench`: the bridge and its baselines, measured beside each other.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringback-bench",
        abstract: "Measures `ringback serve` as a process of its own, each figure beside a baseline from the same run.",
        discussion: """
            The vendor and the receiver are fake and light, in a third process, on loopback addresses. The bare bridge is the least a bridge \
            can be with the same libcurl: streams, one line of a journal on disk per end, signed callbacks; no store, no API, no retries.

            Figures of a busy machine are to be read as ratios; the last line says how busy it was.
            """,
        subcommands: [CheckCommand.self, WorldCommand.self, BareCommand.self, PathCommand.self]
    )

    @Option(help: ArgumentHelp("The program to measure (default: ringback beside this one).", valueName: "path"))
    var ringback: String?

    @Option(help: "What to measure: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated; all by default.")
    var only: [Scenario] = []

    @Flag(help: "Small sizes: says in half a minute that everything works, and little about speed.")
    var quick = false

    @Option(help: "How often everything is measured; the median counts.")
    var rounds = 1

    @Option(help: ArgumentHelp("Where stores are made: on a real disk, or durable figures mean nothing.", valueName: "directory"))
    var scratch: String?

    @Flag(help: "Keep the stores and logs.")
    var keep = false

    @Flag(help: "JSON instead of a table.")
    var json = false

    func validate() throws {
        guard 1...100 ~= rounds else { throw ValidationError("--rounds is a number from 1 to 100.") }
    }

    func run() async throws {
        try await untilSignalled {
            let report = try await measure()
            print(json ? try report.json() : report.text())
        }
    }

    /// SIGINT and SIGTERM cancel `body`, which ends its children before it returns.
    private func untilSignalled(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    throw BenchError("stopped by \(signal)")
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func measure() async throws -> BenchReport {
        let sizes = quick ? Sizes.quick : Sizes.full
        let program = try OwnProgram.path()
        let ringback = try bridgeProgram(beside: program)
        try OpenFiles.allow(sizes.descriptors)
        let scratch = try scratchDirectory()
        defer { tidy(scratch) }
        let transport = try CurlTransport(options: CurlTransportOptions(name: "bench"))
        let world = try await WorldHandle(program: program, secret: SigningKey.generate().reveal())
        defer { world.end() }
        let stage = Stage(program: program, ringback: ringback, scratch: scratch, sizes: sizes, world: world, transport: transport)
        let machine = MachineFacts(scratch: scratch)
        var figures: [[Figure]] = []
        for round in 0..<rounds { figures.append(try await measure(round, on: stage)) }
        return BenchReport(
            machine: machine, sizes: sizes, rounds: rounds, figures: Self.combined(figures), otherLoad: stage.otherLoad,
            worldLateness: stage.worldLateness)
    }

    private func measure(_ round: Int, on stage: Stage) async throws -> [Figure] {
        // Whoever goes first finds another machine than who goes second: they take turns.
        let order = round.isMultiple(of: 2) ? Stage.Kind.allCases : Stage.Kind.allCases.reversed()
        var figures: [Figure] = []
        for scenario in Scenario.allCases where only.isEmpty || only.contains(scenario) {
            figures += try await scenario.measure(stage, order: order)
        }
        return figures
    }

    private static func combined(_ rounds: [[Figure]]) -> [Figure] {
        let all = rounds.flatMap { $0 }
        return (rounds.first ?? []).compactMap { first in Figure.combined(all.filter { $0.name == first.name }) }
    }

    private func bridgeProgram(beside program: String) throws -> String {
        let path = ringback ?? URL(fileURLWithPath: program).deletingLastPathComponent().appendingPathComponent("ringback").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw BenchError("there is no program \(path): build it with `make build`, or name another one with --ringback")
        }
        return path
    }

    private func scratchDirectory() throws -> String {
        let parent = scratch.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        let directory = parent.appendingPathComponent("ringback-bench-\(getpid())")
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw BenchError("no directory can be made in \(parent.path): name another one with --scratch")
        }
        return directory.path
    }

    private func tidy(_ scratch: String) {
        guard !keep else { return Terminal.say("stores and logs are in \(scratch)") }
        // What cannot be removed is left to whoever cleans temporary directories.
        try? FileManager.default.removeItem(atPath: scratch)
    }
}
