import HTTPTypes
import Hummingbird
import NIOCore
import RingbackCore

/// One request as a handler sees it: read whole, its caller known and allowed.
struct Call: Sendable {
    let head: HTTPRequest
    /// Encoded, without the query.
    let path: String
    /// Encoded, as it stands in the request.
    let query: String?
    /// From the path, decoded.
    let parameters: [String: String]
    let body: [UInt8]
    let caller: Caller
    /// Of a relayed call.
    let client: ClientConnection?
    let now: Timestamp

    /// A part of the path. The route table names it, so it is always there.
    subscript(name: String) -> String { parameters[name] ?? "" }
}

/// What a handler answers.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var headers: HTTPFields
    var body: [UInt8]
    /// The rest of an upstream's answer, which follows as it comes; then ``body`` is empty.
    var relayed: RelayedBody?

    init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    var responseBody: ResponseBody {
        relayed?.responseBody ?? ResponseBody(byteBuffer: ByteBuffer(bytes: body))
    }

    /// An API object.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Answer {
        var headers = headers
        headers[.contentType] = "application/json"
        return Answer(status: status, headers: headers, body: try APICoding.encode(value))
    }

    static let noContent = Answer(status: .noContent)
}
