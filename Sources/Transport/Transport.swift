/// Something that carries HTTP requests: libcurl in the product, a script in tests.
///
/// A transport drives its transfers on one executor, its *loop*. An actor that adopts ``loop`` as its own executor lives on that thread:
/// its handlers are called without a thread switch, and it may reach its own state from them with `assumeIsolated`.
package protocol Transport: Sendable {
    /// The executor on which every handler is called.
    var loop: any (SerialExecutor & TaskExecutor) { get }

    /// Starts a transfer. May be called from any thread.
    ///
    /// - Parameter handler: Called on ``loop`` only; ``TransferHandler/transferEnded(_:)`` exactly once, as the last call, also after
    ///   ``cancel(_:)`` and on shutdown. Never called before `start` has returned.
    /// - Returns: The transfer's name, for ``cancel(_:)`` and ``resume(_:)``.
    func start(_ request: TransferRequest, handler: sending any TransferHandler) -> TransferID

    /// Ends a transfer early. Its handler hears ``TransportError/cancelled``. Unknown and ended transfers are ignored.
    func cancel(_ transfer: TransferID)

    /// Lets a transfer go on whose handler answered ``TransferVerdict/pause``. Unknown and ended transfers are ignored.
    func resume(_ transfer: TransferID)
}

/// The name of one transfer of one transport; never used twice.
package struct TransferID: Sendable, Hashable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// What a handler wants after it was given something.
package enum TransferVerdict: Sendable, Hashable {
    case proceed
    /// Back-pressure: nothing more until ``Transport/resume(_:)``. The bytes just given count as taken.
    case pause
    /// The handler has all it needs: the transfer ends without an error now, and the connection is not used further.
    case finish
}

/// Hears one transfer. Lives on the transport's loop; never called re-entrantly.
package protocol TransferHandler: AnyObject {
    /// The final status line and headers; once, before any body, never for 1xx. Not called when the transfer ends before it.
    func transferReceived(_ head: TransferHead) -> TransferVerdict

    /// A piece of the body as it arrived, after chunked (and content) decoding.
    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict

    /// The end. No error means the answer is complete as far as HTTP can tell; a stream's reader still asks for its terminal event.
    func transferEnded(_ error: TransportError?, summary: TransferSummary)
}

/// Status line and headers of an answer.
package struct TransferHead: Sendable {
    package var status: Int
    /// In order of arrival; names in lower case.
    package var headers: [(name: String, value: String)]

    package init(status: Int, headers: [(name: String, value: String)]) {
        self.status = status
        self.headers = headers
    }

    /// The value of the first header called `name` (in lower case).
    package subscript(name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// What was measured about a transfer, successful or not.
package struct TransferSummary: Sendable, Hashable {
    /// Name resolution; `nil` when a connection was reused. Like all of these from libcurl's CURLINFO_*_TIME_T, as the length of the phase.
    package var dns: Duration?
    package var connect: Duration?
    package var tls: Duration?
    /// From the start to the first byte of the answer.
    package var firstByte: Duration?
    package var total: Duration
    /// The IP address that was reached.
    package var address: String?
    package var reusedConnection: Bool
    /// `1.1` or `2`; `nil` before an answer.
    package var httpVersion: String?

    package init(
        dns: Duration? = nil, connect: Duration? = nil, tls: Duration? = nil, firstByte: Duration? = nil, total: Duration = .zero,
        address: String? = nil, reusedConnection: Bool = false, httpVersion: String? = nil
    ) {
        self.dns = dns
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
        self.total = total
        self.address = address
        self.reusedConnection = reusedConnection
        self.httpVersion = httpVersion
    }
}
