import CCurl
import RingbackCore
import Transport

/// One easy handle with the memory that libcurl only borrows: the request's header lines and the buffer for error texts.
///
/// Not `Sendable`, on purpose: an easy handle belongs to the loop that drives it.
final class EasyHandle {
    /// Request bodies above this go over HTTP/1.1: libcurl 7.88 spins while the window of an HTTP/2 upload is full.
    private static let largestHTTP2Body = 32 * 1024

    /// libcurl's default of 64 KiB is allocated per TLS transfer with a body.
    private static let uploadBufferSize = 16 * 1024

    /// Request bodies above this are worth the calls that give their memory back while the answer is still coming.
    private static let largeBody = 64 * 1024

    /// How long an HTTP/2 connection takes new requests: libcurl 7.88 loses window of its connection with every cancelled stream.
    private static let connectionLifetimeSeconds = 1800

    let raw: OpaquePointer
    /// Header lines, or the recipients of a mail.
    private var headerLines: UnsafeMutablePointer<curl_slist>?
    private var pins: UnsafeMutablePointer<curl_slist>?
    private var errorText: UnsafeMutablePointer<CChar>?
    private var bodyCount = 0

    /// - Parameter share: `nil` for a handle that stays alone.
    init?(share: OpaquePointer?) {
        guard let raw = curl_easy_init() else { return nil }
        self.raw = raw
        if let share { _ = ccurl_easy_set_share(raw, share) }
    }

    deinit {
        curl_easy_cleanup(raw)
        freeBorrowed()
    }

    /// Forgets the last request, for the next one. The handle must have been removed from its multi handle.
    func reset() {
        curl_easy_reset(raw)
        freeBorrowed()
    }

    private func freeBorrowed() {
        curl_slist_free_all(headerLines)
        headerLines = nil
        curl_slist_free_all(pins)
        pins = nil
        errorText?.deallocate()
        errorText = nil
    }

    // MARK: The request

    /// Writes a request into a fresh or reset handle.
    ///
    /// - Parameter user: What the callbacks are given; must outlive the transfer.
    /// - Throws: ``TransportError/internalTrouble(_:)``.
    func write(_ prepared: PreparedRequest, options: CurlTransportOptions, user: Transfer) throws(TransportError) {
        let request = prepared.request
        var setter = OptionSetter(raw: raw)
        setCallbacks(user, &setter)
        setManners(&setter)
        setMethodAndBody(request, &setter)
        setVersion(prepared, &setter)
        headerLines = Self.headerLines(of: request)
        setter.set(CURLOPT_HTTPHEADER, list: headerLines)
        setter.set(CURLOPT_URL, request.url)

        let lookup = user.route?.lookup ?? .zero
        setter.set(CURLOPT_CONNECTTIMEOUT_MS, (request.limits.connect - lookup).curlMilliseconds)
        if let total = request.limits.total { setter.set(CURLOPT_TIMEOUT_MS, (total - lookup).curlMilliseconds) }
        if let passage = user.passage {
            set(passage, for: prepared, &setter)
        } else if let route = user.route {
            pin(prepared, to: route, user, &setter)
        }
        setter.set(CURLOPT_BUFFERSIZE, user.isStream ? options.streamBufferSize : options.bufferSize)

        // Debian compiles a certificate directory in. With one, libcurl cannot share its store of authorities: each connection would
        // parse the whole bundle, 0.9 MB and 47 ms. The bundle file is its default and stays.
        setter.set(CURLOPT_CAPATH, pointer: nil)
        if !prepared.isTLS {
            // Each connection would keep two copies of a path that it never reads.
            setter.set(CURLOPT_CAINFO, pointer: nil)
        } else if let file = request.trust.caFile {
            setter.set(CURLOPT_CAINFO, file)
        }
        if let identity = request.trust.identity {
            setter.set(CURLOPT_SSLCERT, identity.certificateFile)
            setter.set(CURLOPT_SSLKEY, identity.keyFile)
        }
        guard setter.failure == CURLE_OK else {
            throw .internalTrouble("libcurl refused an option: \(String(cString: curl_easy_strerror(setter.failure)))")
        }
    }

    /// Has libcurl go by a proxy, for this request only. The request's own headers go to the receiver and never to the proxy: that is
    /// libcurl's default (CURLOPT_HEADEROPT).
    private func set(_ passage: Passage, for prepared: PreparedRequest, _ setter: inout OptionSetter) {
        setter.set(CURLOPT_PROXY, passage.proxy.address)
        // Unless it is set, the environment's no_proxy would lead past the proxy.
        setter.set(CURLOPT_NOPROXY, "")
        setter.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if let credentials = passage.proxy.credentials {
            setter.set(CURLOPT_PROXYUSERNAME, credentials.username.reveal())
            setter.set(CURLOPT_PROXYPASSWORD, credentials.password.reveal())
        }
        guard prepared.address == nil, let address = passage.told else { return }
        // For any host and port of this request, of which there is one; makes a tunnel of every request.
        pins = curl_slist_append(nil, "::\(address.contains(":") ? "[\(address)]" : address):\(prepared.port)")
        setter.set(CURLOPT_CONNECT_TO, list: pins)
    }

    private func setCallbacks(_ user: Transfer, _ setter: inout OptionSetter) {
        let user = Unmanaged.passUnretained(user).toOpaque()
        setter.check(ccurl_easy_set_write(raw, CURLOPT_HEADERFUNCTION, curlReceivedHeader))
        setter.check(ccurl_easy_set_write(raw, CURLOPT_WRITEFUNCTION, curlReceivedBody))
        setter.check(ccurl_easy_set_prerequest(raw, curlConnected))
        for option in [CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA] {
            setter.set(option, pointer: user)
        }
        keepErrorText(&setter)
    }

    func keepErrorText(_ setter: inout OptionSetter) {
        let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.errorText = errorText
        setter.set(CURLOPT_ERRORBUFFER, pointer: errorText)
    }

    /// Sets an option that is a list of texts, once per request; libcurl only borrows it.
    func keep(_ texts: [String], as option: CURLoption, _ setter: inout OptionSetter) {
        curl_slist_free_all(headerLines)
        headerLines = texts.reduce(nil) { curl_slist_append($0, $1) }
        setter.set(option, list: headerLines)
    }

    /// Leaves libcurl no choice but these addresses of a name.
    func keepPins(_ host: String, _ port: Int, to addresses: [IPAddress], _ setter: inout OptionSetter) {
        let addresses = addresses.map { $0.isIPv4 ? "\($0)" : "[\($0)]" }.joined(separator: ",")
        // With a plus the entry is forgotten after a minute, as others are; it would stay for ever otherwise. An older one is replaced.
        pins = curl_slist_append(nil, "+\(host):\(port):\(addresses)")
        setter.set(CURLOPT_RESOLVE, list: pins)
    }

    /// Leaves libcurl no choice but the addresses that were judged, and has it ask again for each socket.
    private func pin(_ prepared: PreparedRequest, to route: Transfer.Route, _ user: Transfer, _ setter: inout OptionSetter) {
        setter.check(ccurl_easy_set_opensocket(raw, curlOpenSocket))
        setter.set(CURLOPT_OPENSOCKETDATA, pointer: Unmanaged.passUnretained(user).toOpaque())
        guard prepared.address == nil else { return }
        keepPins(prepared.host, prepared.port, to: route.addresses, &setter)
    }

    /// What is the same for every request. Redirects, cookies, .netrc and content decoding are off by default.
    private func setManners(_ setter: inout OptionSetter) {
        setter.set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Proxies of the environment would hide the address from whoever judges it.
        setter.set(CURLOPT_PROXY, "")
        setter.set(CURLOPT_PROXY_CAINFO, pointer: nil)
        setter.set(CURLOPT_NOSIGNAL, 1)
        // "no" would mean that ending a transfer that still resolves blocks the loop until the resolver answers.
        setter.set(CURLOPT_QUICK_EXIT, 1)
        setter.set(CURLOPT_TCP_KEEPALIVE, 1)
        setter.set(CURLOPT_SSL_VERIFYPEER, 1)
        setter.set(CURLOPT_SSL_VERIFYHOST, 2)
        setter.set(CURLOPT_UPLOAD_BUFFERSIZE, Self.uploadBufferSize)
        setter.set(CURLOPT_MAXLIFETIME_CONN, Self.connectionLifetimeSeconds)
    }

    private func setMethodAndBody(_ request: TransferRequest, _ setter: inout OptionSetter) {
        let body = request.body ?? (request.method == .post ? [] : nil)
        if let body {
            bodyCount = body.count
            // The size first: only then does libcurl copy bytes instead of a string.
            setter.check(ccurl_easy_set_offset(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            if body.isEmpty {
                setter.set(CURLOPT_COPYPOSTFIELDS, "")
            } else {
                body.withUnsafeBytes { setter.set(CURLOPT_COPYPOSTFIELDS, pointer: $0.baseAddress) }
            }
        }
        switch (request.method, body) {
        case (.get, nil), (.post, _): break
        case (.get, _), (.put, _), (.patch, _), (.delete, _), (.options, _):
            setter.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    private func setVersion(_ prepared: PreparedRequest, _ setter: inout OptionSetter) {
        // "If the connection was re-used and no byte came, retry on a fresh one" (lib/transfer.c, Curl_retry_request) holds for every method.
        // A stream over plain HTTP/1.1 hardly ever finds a connection that is free, and looking for one means a walk past all that are not
        // (lib/url.c, ConnectionExists): with ten thousand streams to one server that is most of what opening the next one costs.
        let isPlainStream = !prepared.isTLS && prepared.request.limits.total == nil
        if isPlainStream || !prepared.request.mayBeRepeated { setter.set(CURLOPT_FRESH_CONNECT, 1) }
        let isLarge = (prepared.request.body?.count ?? 0) > Self.largestHTTP2Body
        switch prepared.request.version {
        case .negotiated where prepared.isTLS && !isLarge:
            setter.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Rather wait for a connection that is being made than open one more.
            setter.set(CURLOPT_PIPEWAIT, 1)
        case .negotiated, .http1:
            setter.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
    }

    /// The caller's headers in libcurl's notation.
    ///
    /// Those that frame the body are libcurl's own business and are left out.
    private static func headerLines(of request: TransferRequest) -> UnsafeMutablePointer<curl_slist>? {
        var lines: UnsafeMutablePointer<curl_slist>?
        // A line without a value takes away what libcurl adds: it would ask for "100 Continue" before larger bodies and wait a second,
        // and call every body a form.
        lines = curl_slist_append(lines, "Expect:")
        var hasContentType = false
        for (name, value) in request.headers {
            let lowercased = name.lowercased()
            if framingHeaders.contains(lowercased) { continue }
            if lowercased == "content-type" { hasContentType = true }
            // An empty value is written with a semicolon, since the colon alone would mean "without this header".
            let isEmpty = value.utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            lines = curl_slist_append(lines, isEmpty ? "\(name);" : "\(name): \(value)")
        }
        return hasContentType ? lines : curl_slist_append(lines, "Content-Type:")
    }

    private static let framingHeaders: Set<String> = ["content-length", "transfer-encoding", "expect"]

    // MARK: While it runs

    var hasLargeBody: Bool { bodyCount > Self.largeBody }

    /// Frees what libcurl does not need once the answer has begun. Not to be called from a callback.
    func releaseRequest() {
        // An answer may come before the request is out.
        guard offset(CURLINFO_SIZE_UPLOAD_T) >= bodyCount else { return }
        var setter = OptionSetter(raw: raw)
        if bodyCount > 0 { setter.set(CURLOPT_COPYPOSTFIELDS, pointer: nil) }
        setter.set(CURLOPT_HTTPHEADER, list: nil)
        setter.set(CURLOPT_RESOLVE, list: nil)
        setter.set(CURLOPT_CONNECT_TO, list: nil)
        setter.set(CURLOPT_ERRORBUFFER, pointer: nil)
        // Once bytes of an answer are there, libcurl does not send the request again.
        setter.set(CURLOPT_URL, pointer: nil)
        freeBorrowed()
    }

    /// Gives the callbacks what was held back, on the spot, and reads on.
    func unpause() {
        curl_easy_pause(raw, CURLPAUSE_CONT)
    }

    // MARK: Afterwards

    /// libcurl's own words for what went wrong, or the general ones for `code`.
    func errorDetail(_ code: CURLcode) -> String {
        if let errorText, errorText[0] != 0 { return String(cString: errorText) }
        return String(cString: curl_easy_strerror(code))
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        _ = ccurl_easy_get_long(raw, info, &value)
        return value
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        _ = ccurl_easy_get_offset(raw, info, &value)
        return Int(value)
    }

    func string(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        _ = ccurl_easy_get_string(raw, info, &value)
        return value.map { String(cString: $0) }
    }
}

/// Sets options one after the other and keeps the first failure.
struct OptionSetter {
    let raw: OpaquePointer
    private(set) var failure = CURLE_OK

    init(raw: OpaquePointer) {
        self.raw = raw
    }

    mutating func check(_ code: CURLcode) {
        if failure == CURLE_OK { failure = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        check(ccurl_easy_set_long(raw, option, value))
    }

    /// libcurl copies the string.
    mutating func set(_ option: CURLoption, _ value: String) {
        check(ccurl_easy_set_string(raw, option, value))
    }

    mutating func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        check(ccurl_easy_set_pointer(raw, option, pointer))
    }

    mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        check(ccurl_easy_set_list(raw, option, list))
    }
}
