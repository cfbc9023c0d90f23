package import RingbackCore

/// One HTTP request, complete with its bounds. Everything has a limit; there is no "for ever" by omission except where `nil` says so.
package struct TransferRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    /// Which HTTP versions may be spoken.
    package enum HTTPVersion: Sendable {
        /// HTTP/1.1 only: for callbacks, where one connection per request in flight keeps receivers independent of each other.
        case http1
        /// HTTP/2 where TLS negotiates it, else HTTP/1.1.
        case negotiated
    }

    package var method: Method
    /// Absolute, `http` or `https`. May hold credentials in its query: never logged whole.
    package var url: String
    /// In order. Names may repeat. Values are free of CR, LF and NUL, or the request is refused as ``TransportError/invalidRequest(_:)``.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    package var version: HTTPVersion
    package var limits: TransferLimits
    package var trust: TransferTrust
    /// Judges the addresses before a connection is made; `nil` connects wherever the name leads.
    package var addressPolicy: TransferAddressPolicy?
    /// Carries the request; `nil` goes straight. Proxies of the environment never count.
    ///
    /// With an ``addressPolicy``, and unless the proxy resolves names, the name is resolved and judged here, and the proxy is told one of the
    /// addresses (by `CONNECT` also where the URL is `http`, since a whole request would be sent to whatever its name means to the proxy).
    package var proxy: EgressProxy?
    /// Whether it may reach the server twice. A connection that was kept may be closed by the server while the request is on its way, and the
    /// request is then sent again on another one, though nobody knows what became of the first. `false` gives it a connection of its own,
    /// whose loss is told.
    package var mayBeRepeated: Bool

    package init(
        method: Method,
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        version: HTTPVersion = .negotiated,
        limits: TransferLimits = TransferLimits(),
        trust: TransferTrust = TransferTrust(),
        addressPolicy: TransferAddressPolicy? = nil,
        proxy: EgressProxy? = nil,
        mayBeRepeated: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.version = version
        self.limits = limits
        self.trust = trust
        self.addressPolicy = addressPolicy
        self.proxy = proxy
        self.mayBeRepeated = mayBeRepeated
    }
}

/// The bounds of one transfer.
package struct TransferLimits: Sendable, Hashable {
    /// Name resolution, TCP and TLS together (libcurl: CURLOPT_CONNECTTIMEOUT_MS).
    package var connect: Duration
    /// The whole transfer; `nil` for streams, which end by ``idle``.
    package var total: Duration?
    /// No byte received for so long ends the transfer as ``TransportError/idleTimeout``; `nil` means no such limit.
    package var idle: Duration?
    /// All header lines of the answer together, in bytes.
    package var headerBytes: Int
    /// The body handed to the handler, in bytes, after transfer decoding; `nil` for streams, whose events are bounded one by one.
    package var bodyBytes: Int?

    package init(
        connect: Duration = .seconds(10),
        total: Duration? = .seconds(60),
        idle: Duration? = nil,
        headerBytes: Int = 64 * 1024,
        bodyBytes: Int? = 32 * 1024 * 1024
    ) {
        self.connect = connect
        self.total = total
        self.idle = idle
        self.headerBytes = headerBytes
        self.bodyBytes = bodyBytes
    }
}

/// Whose certificates are believed, and with which one we show who we are. Verification of chain and name is always on.
package struct TransferTrust: Sendable, Hashable {
    /// PEM file with the certificate authorities to trust instead of the system's.
    package var caFile: String?
    /// Shown to servers that ask for a client certificate.
    package var identity: TransferIdentity?

    package init(caFile: String? = nil, identity: TransferIdentity? = nil) {
        self.caFile = caFile
        self.identity = identity
    }
}
