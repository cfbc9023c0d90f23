import Control
import Foundation
import RawJSON
import Transport

/// Why the bridge did not do what a command asked.
enum APIError: Error {
    case unreachable(TransportError, server: String)
    case refused(Refusal)

    /// Whether the same call may go well in a moment.
    var isTransient: Bool {
        switch self {
        case .unreachable: true
        case .refused(let refusal): refusal.status == 429 || refusal.status >= 500
        }
    }

    /// Whether what was asked for is not there, or not any more; the reason is in the server's words.
    var isAbsent: Bool {
        switch self {
        case .unreachable: false
        case .refused(let refusal): refusal.status == 404 || refusal.status == 410
        }
    }
}

/// An answer that is not 2xx.
struct Refusal {
    let status: Int
    let sentences: [String]

    /// Reads both of the forms errors come in: problem details, and OpenAI's error object from the proxy.
    init(_ answer: TransferAnswer) {
        status = answer.head.status
        // A body that is neither tells nothing worth showing beyond its status.
        if let problem = try? APICoding.decode(Problem.self, from: answer.body) {
            let fields = problem.errors ?? []
            sentences = fields.count > 1 ? [problem.detail] + fields.map { "  \($0.pointer): \($0.detail)" } : [problem.detail]
        } else if let json = try? JSON(parsing: answer.body), let message = json["error"]?["message"]?.string {
            sentences = [message]
        } else {
            sentences = ["the server answered \(answer.head.status) without a reason: is it a Ringback?"]
        }
    }
}

extension APIError: LocalizedError, CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(.connectionRefused, let server):
            "nothing answers at \(server): is `ringback serve` running? Another address is given with --server or RINGBACK_SERVER"
        case .unreachable(let error, let server):
            "no answer from \(server): \(error). Another address is given with --server or RINGBACK_SERVER"
        case .refused(let refusal) where refusal.status == 401:
            "\(Printable.text(refusal.sentences.joined(separator: "\n"))). Give a token with --token or RINGBACK_TOKEN"
        case .refused(let refusal):
            refusal.sentences.map { Printable.text($0) }.joined(separator: "\n")
        }
    }

    var errorDescription: String? { description }
}
