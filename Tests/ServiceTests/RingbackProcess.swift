import Foundation
import NIOConcurrencyHelpers
import Testing

/// The real `ringback` binary as a child of the test.
final class RingbackProcess: Sendable {
    struct Exit: Sendable, Hashable {
        let status: Int32
        let wasSignalled: Bool
    }

    private let process: NIOLockedValueBox<Process>
    private let exits: AsyncStream<Exit>
    /// What the process wrote to standard output, and to standard error unless that went to a file of its own. Files, so that no pipe can
    /// fill up and stall it.
    let log: URL

    /// Where `swift build` put the binary: beside the test bundle.
    static var binary: URL {
        get throws {
            let directory = try #require(Bundle.main.executableURL).deletingLastPathComponent()
            return directory.appending(path: "ringback")
        }
    }

    /// - Parameters:
    ///   - errors: Where standard error goes; `nil` for the log.
    ///   - input: A file to read as standard input; `nil` for nothing.
    ///   - program: What to run instead of `ringback`, such as a shell that calls it.
    init(
        _ arguments: [String], environment: [String: String] = [:], directory: URL, log: URL, errors: URL? = nil, input: URL? = nil,
        program: URL? = nil
    ) throws {
        let process = Process()
        process.executableURL = try program ?? Self.binary
        process.arguments = arguments
        process.currentDirectoryURL = directory
        // A clean environment: nothing of the developer's own settings may leak in.
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": directory.path].merging(environment) { _, new in new }
        let output = try Self.handle(appendingTo: log)
        process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = try errors.map { try Self.handle(appendingTo: $0) } ?? output
        let (exits, continuation) = AsyncStream<Exit>.makeStream()
        process.terminationHandler = { process in
            continuation.yield(Exit(status: process.terminationStatus, wasSignalled: process.terminationReason == .uncaughtSignal))
            continuation.finish()
        }
        try Self.spawn(process)
        self.process = NIOLockedValueBox(process)
        self.exits = exits
        self.log = log
    }

    /// Starts a child while no other is being started: Foundation hears of a child's end by the end of a socket, and a sibling that
    /// inherits its other side in a race would keep that open.
    static func spawn(_ process: Process) throws {
        try spawning.withLockedValue { _ in try process.run() }
    }

    private static let spawning = NIOLockedValueBox(())

    private static func handle(appendingTo file: URL) throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: file.path) { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        return handle
    }

    var identifier: Int32 { process.withLockedValue(\.processIdentifier) }

    /// Ends the process without giving it a chance: SIGKILL. Waits until it is gone.
    func kill() async {
        signal(SIGKILL)
        await waitForExit()
    }

    /// Ends a shell together with what it has started: Foundation gives every child a process group of its own.
    func killGroup() async {
        process.withLockedValue { if $0.isRunning { _ = Foundation.kill(-$0.processIdentifier, SIGKILL) } }
        await waitForExit()
    }

    /// SIGTERM; waits for the exit.
    func terminate() async -> Exit? {
        signal(SIGTERM)
        return await waitForExit()
    }

    func signal(_ number: Int32) {
        // Only a child that still runs: its id cannot belong to anybody else then.
        process.withLockedValue { if $0.isRunning { _ = Foundation.kill($0.processIdentifier, number) } }
    }

    @discardableResult
    func waitForExit() async -> Exit? {
        for await exit in exits { return exit }
        return nil
    }

    var logText: String {
        (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    }
}
