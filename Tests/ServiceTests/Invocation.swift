import Foundation
import RawJSON
import Testing

/// One run of the real binary from its start to its exit.
struct Invocation: Sendable {
    /// The exit code; `nil` when a signal ended the process.
    let status: Int32?
    let output: String
    let errors: String

    /// Standard output without the line end that belongs to the terminal.
    var line: String { output.hasSuffix("\n") ? String(output.dropLast()) : output }

    func json() throws -> JSON { try JSON(parsing: Array(output.utf8)) }

    /// Runs `ringback` with these arguments and a clean environment, and waits for its end.
    ///
    /// - Parameters:
    ///   - input: What the command reads from standard input.
    ///   - program: What to run instead of `ringback`.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], in directory: URL, program: URL? = nil
    ) async throws -> Invocation {
        let scratch = directory.appending(path: "run-\(UUID().uuidString)")
        let (output, errors) = (scratch.appendingPathExtension("out"), scratch.appendingPathExtension("err"))
        let inputFile = scratch.appendingPathExtension("in")
        try Data(input.utf8).write(to: inputFile)
        let process = try RingbackProcess(
            arguments, environment: environment, directory: directory, log: output, errors: errors, input: inputFile,
            program: program)
        let exit = await process.waitForExit()
        // Without an exit the test itself was cancelled, by its time limit.
        if exit == nil { process.signal(SIGKILL) }
        return Invocation(
            status: exit.flatMap { $0.wasSignalled ? nil : $0.status }, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8)
        )
    }
}

extension Bridge {
    /// Runs a client command against this bridge.
    func run(_ arguments: String..., input: String = "") async throws -> Invocation {
        try await Invocation.run(arguments, input: input, environment: ["RINGBACK_SERVER": url], in: surroundings.directory)
    }

    /// What the API answers to a GET, which has to be a 200.
    func get(_ path: String) async throws -> TestClient.Answer {
        let answer = try await surroundings.client.get(url + path)
        try #require(answer.status == 200, "GET \(path) was answered \(answer.status): \(answer.text)")
        return answer
    }

    /// The objects of the list at `path`.
    func list(_ path: String) async throws -> [JSON] {
        try #require(try await get(path).json()["data"]?.elements)
    }

    /// Waits until the delivery of this response to this endpoint has this status, and answers it with its attempts.
    func delivery(
        of response: String, to endpoint: String = "app", status: String, within limit: Duration = .seconds(30)
    ) async throws -> JSON {
        let query = "/v1/deliveries?response_id=\(response)&endpoint=\(endpoint)&status=\(status)"
        try await eventually(within: limit, "the delivery of \(response) to \(endpoint) is \(status)") {
            try await list(query).count == 1
        }
        let id = try #require(try await list(query).first?["id"]?.string)
        return try await get("/v1/deliveries/\(id)").json()
    }
}
