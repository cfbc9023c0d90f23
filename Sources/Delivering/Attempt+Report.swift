import RingbackCore

extension Attempt {
    /// The record of an attempt that was made.
    ///
    /// - Parameter elapsed: How long the sender waited for the destination; stands in where the destination measured nothing itself.
    init(number: Int, startedAt: Timestamp, report: AttemptReport, isSuccess: Bool, elapsed: Duration) {
        var timing = report.timing
        timing.total = timing.total ?? elapsed
        self.init(
            number: number, startedAt: startedAt, outcome: isSuccess ? .succeeded : .failed, httpStatus: report.httpStatus,
            error: report.error, detail: report.detail, retryAfter: report.retryAfter, responseHeaders: report.responseHeaders,
            responseBody: Array(report.responseBody.prefix(Attempt.keptBodyBytes)), timing: timing, address: report.address,
            proxy: report.proxy, sink: report.sink)
    }

    /// The record of a death without an attempt.
    init(number: Int, diedAt: Timestamp, detail: String) {
        self.init(
            number: number, startedAt: diedAt, outcome: .failed, httpStatus: nil, error: nil, detail: detail, retryAfter: nil,
            responseHeaders: [], responseBody: [], timing: AttemptTiming(), address: nil)
    }
}

extension Endpoint {
    /// Beside the attempt itself there must be time to wait for a place, to read the response, to record the outcome, and for a busy machine.
    static let leaseMargin: Duration = .seconds(30)

    /// How long an attempt may take at most.
    var attemptLength: Duration { timeout + connectTimeout }

    /// For how long a delivery to this endpoint is leased.
    var leaseLength: Duration { attemptLength + Self.leaseMargin }
}
