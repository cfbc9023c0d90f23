import HTTPTypes
import RingbackCore

/// One request as a handler sees it: read whole, its caller known and allowed.
struct Call: Sendable {
    let head: HTTPRequest
    /// Encoded, as it stands in the request.
    let query: String?
    /// From the path, decoded.
    let parameters: [String: String]
    let body: [UInt8]
    let caller: Caller
    let now: Timestamp

    /// A part of the path. The route table names it, so it is always there.
    subscript(name: String) -> String { parameters[name] ?? "" }
}

/// What a handler answers.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var headers: HTTPFields
    var body: [UInt8]

    init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An API object.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Answer {
        var headers = headers
        headers[.contentType] = "application/json"
        return Answer(status: status, headers: headers, body: try APICoding.encode(value))
    }

    static let noContent = Answer(status: .noContent)
}
