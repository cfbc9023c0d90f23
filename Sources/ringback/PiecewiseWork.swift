import Control
import RawJSON

/// A lot of work that the server does piece by piece, with its progress for people.
enum PiecewiseWork {
    /// Deliveries per request: a few seconds' work.
    static let pieceSize = 5000

    /// - Parameters:
    ///   - request: The members of the request's body, without `limit` and `cursor`.
    ///   - add: Adds a piece's answer to the sum.
    ///   - progress: What to say of the sum so far.
    /// - Returns: The sum.
    static func run<Answer: Decodable>(
        _ client: APIClient, _ path: String, _ request: [JSON.Member], from zero: Answer, add: (inout Answer, Answer) -> Void,
        next: (Answer) -> String?, progress: (Answer) -> String
    ) async throws -> Answer {
        var sum = zero
        var line = ProgressLine()
        defer { line.clear() }
        var cursor: String?
        repeat {
            var members = request + [.init("limit", .integer(Int64(pieceSize)))]
            if let cursor { members.append(.init("cursor", .string(cursor))) }
            let answer = try APIClient.decode(Answer.self, from: try await client.post(path, body: JSON.object(members).bytes))
            add(&sum, answer)
            cursor = next(answer)
            let elapsed = line.elapsed
            if cursor != nil { line.show("\(progress(sum))… \(elapsed.clockText)") }
        } while cursor != nil
        return sum
    }
}
