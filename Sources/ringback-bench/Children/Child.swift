import Foundation

/// A process the benchmark started. Whoever starts one ends it.
final class Child {
    private static let answerLimit: Duration = .seconds(30)
    private static let endLimit: Duration = .seconds(40)
    private static let maximumLineBytes = 1024 * 1024

    let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var received: [UInt8] = []

    /// - Parameter log: The file for its standard error; `nil` joins it with ours.
    init(_ name: String, program: String, arguments: [String], log: String? = nil) throws(BenchError) {
        self.name = name
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        do {
            if let log {
                try Data().write(to: URL(fileURLWithPath: log))
                process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
            }
            try process.run()
        } catch {
            throw BenchError("\(name) cannot be started: \(error.localizedDescription)")
        }
    }

    var id: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Sends one line and reads one line.
    func ask<Answer: Decodable>(_ line: String, for answer: Answer.Type) async throws -> Answer {
        do {
            try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
        } catch {
            throw BenchError("\(name) has ended before its time: what it wrote stands above")
        }
        return try await read(answer)
    }

    /// Reads one line, of JSON.
    func read<Answer: Decodable>(_ answer: Answer.Type) async throws -> Answer {
        try await waitUntil("an answer of \(name)", within: Self.answerLimit, every: .milliseconds(2)) { try takeInput() }
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { throw BenchError("\(name) did not answer") }
        let line = Data(received[..<end])
        received.removeSubrange(...end)
        return try JSONDecoder().decode(answer, from: line)
    }

    /// Takes what has come without waiting for more.
    ///
    /// - Returns: Whether a whole line is there.
    private func takeInput() throws(BenchError) -> Bool {
        var descriptor = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        while !received.contains(UInt8(ascii: "\n")), poll(&descriptor, 1, 0) > 0 {
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw BenchError("\(name) has ended before its time: what it wrote stands above") }
            received += bytes
            guard received.count <= Self.maximumLineBytes else { throw BenchError("\(name) says more than was asked") }
        }
        return received.contains(UInt8(ascii: "\n"))
    }

    /// Ends the process: by closing its input or by a signal, and with force when that does not help in time.
    ///
    /// Waits without suspending: a cancelled task cannot sleep, and the child must be gone before its starter is.
    func end(bySignal: Bool) {
        // A pipe whose reader is gone already has nobody left to tell.
        try? input.fileHandleForWriting.close()
        if bySignal, process.isRunning { process.terminate() }
        let deadline = ContinuousClock.now + Self.endLimit
        while process.isRunning, ContinuousClock.now < deadline { usleep(10_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        while process.isRunning { usleep(10_000) }
    }
}
