import Control
import ResponsesAPI
import RingbackCore

/// Follows a watch until it ends, as `--wait` does, and says how it ended by its exit code (contract, section 3).
struct Waiting {
    private static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(2)
    /// At a terminal somebody looks at the seconds that pass.
    private static let longestLivePause = Duration.seconds(1)
    /// A bridge that is restarted comes back within this time; longer trouble ends the wait.
    private static let patience = Duration.seconds(60)

    private let client: APIClient
    private let watch: WatchID
    private let asJSON: Bool
    private let time: any TimeSource
    private let deadline: Moment?

    init(client: APIClient, watch: WatchID, asJSON: Bool, timeout: Duration?, time: any TimeSource) {
        self.client = client
        self.watch = watch
        self.asJSON = asJSON
        self.time = time
        deadline = timeout.map { time.now + $0 }
    }

    /// Prints the output text, or with `asJSON` the response.
    ///
    /// - Throws: ``CommandFailure`` unless the response completed.
    func run() async throws {
        var line = ProgressLine(time: time)
        let ended = try await end(telling: &line)
        let (wasLive, elapsed) = (line.isLive, line.elapsed)
        line.clear()
        if wasLive { Terminal.note(WaitingText.line(of: ended, elapsed: elapsed)) }
        let (body, absence) = try await response(of: ended)
        if let body { show(body) }
        switch ended.status {
        case .completed:
            if let absence { throw CommandFailure("the response completed, but its text is not to be had: \(absence)") }
        case .failed: throw CommandFailure(reason("the response failed", body, ended), exitCode: 3)
        case .incomplete: throw CommandFailure(reason("the response is incomplete", body, ended), exitCode: 4)
        case .cancelled: throw CommandFailure("the response was cancelled", exitCode: 5)
        case .lost: throw CommandFailure(reason("the response is lost: the upstream no longer knows it", nil, ended), exitCode: 6)
        case .expired: throw CommandFailure(reason("the watch expired before the response ended", nil, ended), exitCode: 6)
        case .stopped, .queued, .inProgress: throw CommandFailure("the watch was stopped before the response ended")
        }
    }

    private func end(telling line: inout ProgressLine) async throws -> WatchObject {
        defer { line.clear() }
        var pause = Self.firstPause
        var troubleSince: Moment?
        while true {
            do {
                let object = try APIClient.decode(
                    WatchObject.self, from: try await client.get(APIClient.path("/v1/watches", watch.rawValue)))
                if !object.status.isOpen { return object }
                troubleSince = nil
                let elapsed = line.elapsed
                line.show(WaitingText.line(of: object, elapsed: elapsed))
            } catch let error as APIError where error.isTransient {
                let since = troubleSince ?? time.now
                troubleSince = since
                if time.now - since > Self.patience { throw error }
                let elapsed = line.elapsed
                line.show(WaitingText.trouble("\(error)", elapsed: elapsed))
            }
            let wake = time.now + pause
            if let deadline, wake >= deadline {
                try await time.sleep(until: deadline)
                throw CommandFailure("the response has not ended in time; it is watched on: ringback watches show \(watch)", exitCode: 124)
            }
            try await time.sleep(until: wake)
            pause = min(pause * 5 / 4, line.isLive ? Self.longestLivePause : Self.longestPause)
        }
    }

    /// - Returns: The response object, or why there is none.
    private func response(of ended: WatchObject) async throws -> (body: [UInt8]?, absence: String?) {
        do {
            return (try await client.get(APIClient.path("/v1/watches", watch.rawValue, "response")), nil)
        } catch {
            guard error.isAbsent else { throw error }
            return (nil, "\(error)")
        }
    }

    private func show(_ body: [UInt8]) {
        if asJSON {
            Terminal.print(bytes: body)
        } else if let text = ResponseObject(json: body)?.outputText(), !text.isEmpty {
            Terminal.print(text)
        }
    }

    private func reason(_ what: String, _ body: [UInt8]?, _ ended: WatchObject) -> String {
        let why = body.flatMap { ResponseObject(json: $0)?.errorMessage } ?? ended.lastError
        return Printable.text(why.map { "\(what): \($0)" } ?? what)
    }
}
