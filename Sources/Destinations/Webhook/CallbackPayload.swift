import RingbackCore
import Store

/// What a callback carries: the body, and what describes it.
struct CallbackPayload: Sendable {
    let contentType: String
    /// Headers that belong to the form, beside the content type.
    let headers: [(name: String, value: String)]
    /// Exactly what is signed and sent.
    let body: [UInt8]

    init(_ job: DeliveryJob, as form: PayloadForm) {
        switch form {
        case .thin:
            self.init(body: PayloadBuilder.thin(job.event))
        case .full:
            self.init(body: PayloadBuilder.full(job.event, response: job.response))
        case .cloudEvents:
            self.init(contentType: CloudEvent.structuredType, body: CloudEvent.structured(job.event, response: job.response))
        case .cloudEventsBinary:
            self.init(headers: CloudEvent.headers(of: job.event), body: CloudEvent.data(of: job.event, response: job.response))
        }
    }

    private init(contentType: String = "application/json", headers: [(name: String, value: String)] = [], body: [UInt8]) {
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }
}

extension PayloadForm {
    /// Whether a callback of this form needs the response object.
    var holdsResponse: Bool {
        switch self {
        case .thin: false
        case .full, .cloudEvents, .cloudEventsBinary: true
        }
    }
}
