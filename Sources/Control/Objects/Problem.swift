/// Why the API did not do what it was asked: the body of every error, `application/problem+json` (RFC 9457).
package struct Problem: Error, Codable, Sendable, Hashable {
    package static let mediaType = "application/problem+json"

    /// `urn:ringback:problem:` and the kind: the name programs go by.
    package var type: String
    package var title: String
    package var status: Int
    /// What happened, to what, and what the reader can do. Holds no secret.
    package var detail: String
    /// One entry per bad field; absent when no single field is at fault.
    package var errors: [FieldProblem]?
    /// Seconds after which trying again makes sense; becomes `Retry-After` and is not part of the body.
    package var retryAfter: Int?
    /// The methods the path knows; becomes `Allow` and is not part of the body.
    package var allowedMethods: [String] = []

    private enum CodingKeys: String, CodingKey {
        case type
        case title
        case status
        case detail
        case errors
    }

    package init(_ kind: ProblemKind, _ detail: String, errors: [FieldProblem] = [], retryAfter: Int? = nil) {
        type = "urn:ringback:problem:" + kind.rawValue
        title = kind.title
        status = kind.status
        self.detail = detail
        self.errors = errors.isEmpty ? nil : errors
        self.retryAfter = retryAfter
    }

    /// The kind as the type names it; `nil` for a problem of a newer server.
    package var kind: ProblemKind? {
        ProblemKind(rawValue: type.split(separator: ":").last.map(String.init) ?? "")
    }
}

/// What is wrong with one field of a request.
package struct FieldProblem: Codable, Sendable, Hashable {
    /// A JSON Pointer in fragment form (RFC 6901, section 6), such as `#/callback/url`; for a query parameter `#/` and its name.
    package var pointer: String
    package var detail: String

    package init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}

/// The closed list of what can go wrong with an API call.
package enum ProblemKind: String, Sendable, CaseIterable {
    case invalidRequest = "invalid-request"
    case malformedJSON = "malformed-json"
    case unauthenticated
    case invalidSignature = "invalid-signature"
    case forbidden
    case notFound = "not-found"
    case gone
    case responseTooLarge = "response-too-large"
    case methodNotAllowed = "method-not-allowed"
    case conflict
    case tooLarge = "too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case idempotencyMismatch = "idempotency-mismatch"
    case configurationRefused = "configuration-refused"
    case upstreamTrouble = "upstream-trouble"
    case upstreamTimeout = "upstream-timeout"
    case notImplemented = "not-implemented"
    case storeTrouble = "store-trouble"
    case diskFull = "disk-full"
    case busy
    case internalTrouble = "internal-trouble"

    var status: Int {
        switch self {
        case .invalidRequest, .malformedJSON: 400
        case .unauthenticated, .invalidSignature: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .gone, .responseTooLarge: 410
        case .conflict: 409
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .idempotencyMismatch, .configurationRefused: 422
        case .internalTrouble: 500
        case .notImplemented: 501
        case .upstreamTrouble: 502
        case .storeTrouble, .diskFull, .busy: 503
        case .upstreamTimeout: 504
        }
    }

    var title: String {
        switch self {
        case .invalidRequest: "The request is not valid"
        case .malformedJSON: "The body is not valid JSON"
        case .unauthenticated: "A valid bearer token is needed"
        case .invalidSignature: "The webhook's signature is not accepted"
        case .forbidden: "This caller may not do that"
        case .notFound: "There is no such thing"
        case .gone: "It will not be here again"
        case .responseTooLarge: "The response object was too large to be kept"
        case .methodNotAllowed: "The path does not know this method"
        case .conflict: "The state of things does not allow it"
        case .tooLarge: "The body is too large"
        case .unsupportedMediaType: "The body is not JSON"
        case .idempotencyMismatch: "The idempotency key was used for another request"
        case .configurationRefused: "The configuration was not taken"
        case .upstreamTrouble: "The upstream did not do its part"
        case .upstreamTimeout: "The upstream did not answer in time"
        case .notImplemented: "This version cannot do that"
        case .storeTrouble: "The store is not available"
        case .diskFull: "The disk is full"
        case .busy: "Too much at once"
        case .internalTrouble: "Ringback made a mistake"
        }
    }
}
