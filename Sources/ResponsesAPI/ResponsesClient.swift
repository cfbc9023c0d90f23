package import RingbackCore
package import Transport

/// Builds the calls of one upstream (contract, section 2). What the answers mean is read by ``RetrieveAnswer``, ``StreamAnswer`` and
/// ``ResponseStreamReader``.
package struct ResponsesClient: Sendable {
    /// The largest response object that is read.
    package static let maximumResponseBytes = 32 * 1024 * 1024
    /// The whole of any call but a stream. Some upstreams keep a cancelling client waiting for ten seconds.
    package static let requestTimeout: Duration = .seconds(60)
    /// The whole of a GET for a response object that turned out too large for ``requestTimeout``.
    package static let patientTimeout: Duration = .seconds(900)

    package let upstream: Upstream
    package let transport: any Transport

    package init(upstream: Upstream, transport: any Transport) {
        self.upstream = upstream
        self.transport = transport
    }

    /// `GET {base}/responses/{id}`, whose answer is read in full by a caller that wants to, see ``AnswerBody``.
    ///
    /// - Parameter headers: The watch's own. They replace the upstream's of the same name, here and in the other calls.
    package func retrieveRequest(_ id: ResponseID, headers: [HeaderField]) -> TransferRequest {
        request(.get, url.below([id.rawValue]), accept: .json, headers: headers)
    }

    /// `GET {base}/responses/{id}?stream=true`, with `&starting_after=N` for what came after an event already seen.
    ///
    /// The transfer has no end in time; ``Upstream/streamIdleTimeout`` without a byte ends it.
    package func streamRequest(_ id: ResponseID, startingAfter: Int64?, headers: [HeaderField]) -> TransferRequest {
        // The literal word: some vendors take nothing else for true.
        let query = "stream=true" + (startingAfter.map { "&starting_after=\($0)" } ?? "")
        var request = request(.get, url.below([id.rawValue], query: query), accept: .eventStream, headers: headers)
        request.limits.total = nil
        request.limits.idle = upstream.streamIdleTimeout
        request.limits.bodyBytes = nil
        return request
    }

    /// `POST {base}/responses/{id}/cancel`
    package func cancelRequest(_ id: ResponseID, headers: [HeaderField]) -> TransferRequest {
        request(.post, url.below([id.rawValue, "cancel"]), accept: .json, headers: headers, body: [])
    }

    /// `POST {base}/responses`, or wherever the upstream's ``Upstream/createPath`` is.
    ///
    /// - Parameter body: The create call's JSON, sent as it is.
    package func createRequest(body: [UInt8], headers: [HeaderField]) -> TransferRequest {
        request(.post, url.create(), accept: .json, headers: headers, body: body)
    }

    /// Any call at or below `{base}/responses`, for one who speaks the API itself: the proxy.
    ///
    /// - Parameters:
    ///   - path: The decoded segments after `responses`; none is empty, `.` or `..`. A `POST` without any is the create call.
    ///   - query: Percent-encoded, without its `?`. Parameters that the base URL has already are left out: the operator has set them.
    ///   - headers: All that the call needs beside the upstream's own, which they replace; `Accept` and `Content-Type` too.
    package func request(
        _ method: TransferRequest.Method, path: [String], query: String?, headers: [HeaderField], body: [UInt8]?, limits: TransferLimits
    ) -> TransferRequest {
        precondition(!path.contains { $0.isEmpty || $0 == "." || $0 == ".." }, "a path below responses cannot lead out of it")
        // A fragment would end the query.
        let query = query?.replacing("#", with: "%23")
        return TransferRequest(
            method: method,
            url: method == .post && path.isEmpty ? url.create(query: query) : url.below(path, query: query),
            headers: RequestHeaders.merged(own: [], watch: headers, upstream: upstream),
            body: body,
            // A paused HTTP/2 stream cannot make its sender wait for long; an HTTP/1 connection of its own can.
            version: .http1,
            limits: limits,
            trust: TransferTrust(caFile: upstream.caFile)
        )
    }

    private enum Accept: String {
        case json = "application/json"
        case eventStream = "text/event-stream"
    }

    private func request(
        _ method: TransferRequest.Method, _ url: String, accept: Accept, headers: [HeaderField], body: [UInt8]? = nil
    ) -> TransferRequest {
        var own = [(name: "Accept", value: accept.rawValue)]
        if body != nil { own.append((name: "Content-Type", value: "application/json")) }
        return TransferRequest(
            method: method,
            url: url,
            headers: RequestHeaders.merged(own: own, watch: headers, upstream: upstream),
            body: body,
            version: .negotiated,
            limits: TransferLimits(total: Self.requestTimeout, bodyBytes: Self.maximumResponseBytes),
            trust: TransferTrust(caFile: upstream.caFile)
        )
    }

    private var url: CallURL { CallURL(upstream) }
}
