import ResponsesAPI
import RingbackCore
import Transport

/// An upstream's list of responses: `GET {base}/responses?order=desc`, as MKA1 has it.
struct ResponseList {
    enum Reading: Sendable {
        /// With what the upstream's clock says.
        case listed([ListedResponse], IntentMatching)
        case noList
        /// No answer, or one that says "later".
        case unavailable
    }

    /// Responses per page: each comes with its output.
    private static let pageSize = 50
    /// Pages that are turned in one round; what is older is not looked for.
    private static let maximumPages = 20

    private let client: ResponsesClient
    private let headers: [HeaderField]
    private let time: any TimeSource

    /// - Parameter headers: Those of the intents' owner.
    init(_ client: ResponsesClient, headers: [HeaderField], time: any TimeSource) {
        self.client = client
        self.headers = headers
        self.time = time
    }

    /// Reads the list back to where the intents' responses must stand.
    func read(for leftOver: [IntentMatching.LeftOver]) async -> Reading {
        var responses: [ListedResponse] = []
        var matching = IntentMatching(clockAhead: nil)
        var after: String?
        for page in 0..<Self.maximumPages {
            let answer: TransferAnswer
            do {
                answer = try await client.transport.perform(request(after: after))
            } catch {
                return .unavailable
            }
            guard (200...299).contains(answer.head.status) else {
                return Self.saysLater(answer.head.status) || page > 0 ? .unavailable : .noList
            }
            guard let list = ResponseListPage(json: answer.body) else { return .noList }
            if page == 0 { matching = IntentMatching(clockAhead: clockAhead(answer.head)) }
            responses += list.responses
            guard let next = list.next, let oldest = list.responses.last?.createdAt, let earliest = matching.earliest(of: leftOver),
                oldest >= earliest
            else { break }
            after = next
        }
        return .listed(responses, matching)
    }

    private func request(after: String?) -> TransferRequest {
        let query = "limit=\(Self.pageSize)&order=desc" + (after.map { "&after=\(PercentEncoding.encode($0))" } ?? "")
        return client.request(
            .get, path: [], query: query, headers: headers + [HeaderField("Accept", Secret("application/json"))], body: nil,
            limits: TransferLimits(total: ResponsesClient.requestTimeout, bodyBytes: ResponsesClient.maximumResponseBytes)
        )
    }

    private func clockAhead(_ head: TransferHead) -> Duration? {
        // Counted from 1970, a date to wait for is a date.
        head["date"].flatMap { RetryAfter.parse($0, now: Timestamp(milliseconds: 0)) }.map {
            Timestamp(milliseconds: 0) + $0 - time.wallNow
        }
    }

    private static func saysLater(_ status: Int) -> Bool {
        [401, 403, 408, 425, 429].contains(status) || (status >= 500 && status != 501)
    }
}
