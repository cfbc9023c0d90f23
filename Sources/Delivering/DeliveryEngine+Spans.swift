import RingbackCore
import Spans
import Store

// One span for each attempt.
extension DeliveryEngine {
    func span(of job: DeliveryJob) -> OpenSpan? {
        guard let spans else { return nil }
        var fields = job.event.logFields
        fields["delivery.id"] = job.delivery.id.rawValue
        fields["endpoint.name"] = job.delivery.endpoint.rawValue
        fields["endpoint.kind"] = endpoint(of: job)?.kind.rawValue
        return spans.start("deliver an event", .client, in: job.trace, about: fields)
    }

    /// - Parameter outcome: `nil` when nothing came of it.
    func end(_ span: OpenSpan?, _ outcome: Outcome?) {
        guard let span else { return }
        guard let attempt = outcome?.attempt else { return span.end(failure: "released") }
        var fields = ["attempt.number": "\(attempt.number)"]
        fields["http.response.status_code"] = attempt.httpStatus.map { "\($0)" }
        span.end(failure: attempt.outcome == .failed ? attempt.error?.rawValue ?? "failed" : nil, fields)
    }
}
