import RingbackCore
import Store

extension Problem {
    /// Why a watch has no final response object to show: 404 while one may still come, 410 when none will.
    ///
    /// - Parameters:
    ///   - missing: What became of the object; `nil` when there never was one.
    ///   - retention: How long objects are kept.
    ///   - upstream: Where the response was made, as far as it is configured still.
    init(noResponseOf watch: Watch, _ missing: MissingResponse?, retention: Duration, upstream: Upstream?) {
        switch missing {
        case .oversized(let oversized):
            let call = upstream.map { ", while the upstream has it, by GET \(redactedURL($0.baseURL))/responses/\(watch.response)" }
            self.init(
                .responseTooLarge,
                "\(oversized): raise retention.max_response_size to keep such ones; this one can be fetched from the upstream itself\(call ?? "")"
            )
        case .expired(let size):
            self.init(.gone, "the response object (\(size) bytes) was kept for \(retention.text) after its end: see retention.responses")
        case nil:
            switch watch.status {
            case .queued, .inProgress:
                self.init(.notFound, "the response is not finished yet: the watch is \(watch.status.rawValue)")
            case .stopped:
                self.init(.notFound, "the watch was stopped before the response ended: register it again to follow the response on")
            case .lost:
                self.init(.gone, "the response is lost: the upstream no longer knew it, and its result was not seen before")
            case .expired:
                self.init(.gone, "the watch expired before the response ended, so that there is no result")
            case .completed, .failed, .incomplete, .cancelled:
                self.init(.gone, "no response object was kept: the watch is \(watch.status.rawValue)")
            }
        }
    }
}
