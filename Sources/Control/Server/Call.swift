package import HTTPTypes
import Hummingbird
import NIOCore
package import RingbackCore

/// One request as a handler sees it: read whole, its caller known and allowed.
package struct Call: Sendable {
    package let head: HTTPRequest
    /// Encoded, without the query.
    package let path: String
    /// Encoded, as it stands in the request.
    package let query: String?
    /// From the path, decoded.
    let parameters: [String: String]
    package let body: [UInt8]
    let caller: Caller
    /// Of a call whose answer may take long.
    let client: ClientConnection?
    package let now: Timestamp

    /// A part of the path. The route table names it, so it is always there.
    package subscript(name: String) -> String { parameters[name] ?? "" }
}

/// What a handler answers.
package struct Answer: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]
    /// The rest of an upstream's answer, which follows as it comes; then ``body`` is empty.
    var relayed: RelayedBody?
    /// The live feed, which follows for as long as its client listens; then ``body`` is empty, too.
    var feed: FeedBody?

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    var responseBody: ResponseBody {
        relayed?.responseBody ?? feed?.responseBody ?? ResponseBody(byteBuffer: ByteBuffer(bytes: body))
    }

    /// An API object.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Answer {
        var headers = headers
        headers[.contentType] = "application/json"
        return Answer(status: status, headers: headers, body: try APICoding.encode(value))
    }

    static let noContent = Answer(status: .noContent)
}
