import ArgumentParser
import Foundation
import RingbackCore
import WebhookSignature

/// Counts the instructions of the hot paths and holds them against what they were.
///
/// Counted by callgrind, which runs the program on a processor of its own making: the figures are the same on a busy machine, and need no
/// hardware counters. Each path runs with a small and a large count, and the difference is divided, so that the program's start, the making
/// of a store and the rest of what happens once is not in it; nor is what has to be done before as often, such as ending a watch before its
/// delivery can be claimed.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Counts the instructions of the hot paths under valgrind, and fails when one takes more than it did.",
        discussion: "After a change for the better, or a worse one that is worth it, write the figures anew with --update.")

    @Option(help: "The file with the figures to hold against.")
    var limits = "Sources/ringback-bench/instructions.json"

    @Flag(help: "Write the figures of this run into the file.")
    var update = false

    @Option(help: "Only this path: \(HotPath.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.")
    var only: [HotPath] = []

    func run() async throws {
        let program = try OwnProgram.path()
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("ringback-paths-\(getpid())")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        // What cannot be removed is left to whoever cleans temporary directories.
        defer { try? FileManager.default.removeItem(at: scratch) }
        let counter = try InstructionCounter(of: program, scratch: scratch.path)
        let known = update && !FileManager.default.fileExists(atPath: limits) ? InstructionLimits() : try InstructionLimits(file: limits)
        let world = try await WorldHandle(program: program, secret: SigningKey.generate().reveal())
        defer { world.end() }
        var found = known
        var totals: [HotPath: Int] = [:]
        func total(_ path: HotPath) throws -> Int {
            if let total = totals[path] { return total }
            let total = try counter.count(path, hook: world.url(ReceiverConnection.everythingPath))
            totals[path] = total
            return total
        }
        var excess: [String] = []
        for path in HotPath.allCases where only.isEmpty || only.contains(path) {
            let instructions = try total(path) - (path.preparation.map(total) ?? 0)
            found.instructions[path.rawValue] = instructions
            let before = known.instructions[path.rawValue]
            let ratio = before.map { Double(instructions) / Double($0) }
            print("\(path.rawValue): \(instructions) instructions\(ratio.map { String(format: ", %.2f x the limit's figure", $0) } ?? "")")
            if let ratio, ratio > InstructionLimits.tolerance { excess.append(path.rawValue) }
            if before == nil, !update { excess.append("\(path.rawValue) (no figure in the file)") }
        }
        if update { return try found.write(to: limits) }
        guard excess.isEmpty else {
            throw BenchError("more than \(InstructionLimits.tolerance) x the instructions of \(limits): \(excess.joined(separator: ", "))")
        }
    }
}
