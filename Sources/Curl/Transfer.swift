import CCurl
import RingbackCore
import Transport

/// One transfer from its order to its end: what libcurl's callbacks need of it, and where it stands.
///
/// Not `Sendable`, on purpose: it belongs to the loop. The engine keeps it alive as long as libcurl holds a pointer to it.
final class Transfer {
    enum Stage {
        /// Waits for a place. Exits: resolving, opening, ended.
        case waiting(Admission.Lane)
        /// Its name is looked up, for its policy to judge. Exits: opening, ended.
        case resolving(Admission.Lane)
        /// libcurl resolves, connects and shakes hands. Exits: running, ended.
        case opening(Admission.Lane)
        /// There is a connection. Exits: delivering, ended.
        case running
        /// libcurl is done, but the handler pauses and has not taken the last bytes. What is kept is how it will end. Exit: ended.
        /// Kept apart, since an open stream would hold room for it all its life.
        indirect case delivering(TransportError?, TransferSummary)
        /// The handler has heard of the end.
        case ended
    }

    /// A decision taken inside a callback, where libcurl only learns that something is wrong.
    enum Ending {
        /// The handler has all it needs.
        case finished
        case failed(TransportError)
    }

    /// Where a transfer with a policy may connect to.
    struct Route {
        let policy: TransferAddressPolicy
        /// All of them have been judged.
        let addresses: [IPAddress]
        /// How long the look-up took; `nil` when the host is an address.
        let lookup: Duration?
    }

    /// How much of an HTTP/2 stream is kept while its handler pauses; more ends it.
    ///
    /// Over HTTP/1 libcurl stops reading the socket, and its peer has to wait. Over HTTP/2 pausing must not be left to libcurl 7.88: it has
    /// promised the peer a window of 32 MiB, and a paused stream whose buffer is full stops every other one on its connection.
    static let heldBytesLimit = 4 * 1024 * 1024

    let id: TransferID
    let handler: any TransferHandler
    let host: String
    let limits: TransferLimits
    /// What is to be sent; given back to memory when libcurl has it.
    var request: PreparedRequest?
    var stage: Stage
    var shard: Shard?
    var easy: EasyHandle?
    /// Set before libcurl begins, for a transfer with a policy.
    var route: Route?
    /// Set before libcurl begins, for a transfer by a proxy.
    var passage: Passage?
    /// When it began to wait, and then when it began to open.
    var since: MonotonicInstant
    /// The deadline that counts; others in the queue are left over from before.
    var deadline: MonotonicInstant?

    /// Whether libcurl was ready to send the request, on a new connection or an old one.
    private(set) var isConnected = false
    private(set) var isPaused = false
    /// Whether libcurl holds bytes back because the handler pauses (HTTP/1).
    private var isHeldByLibrary = false
    /// What came while the handler paused (HTTP/2).
    private var held: [UInt8] = []
    private var isMultiplexed = false
    private(set) var ending: Ending?
    private(set) var hasHead = false
    private var collector = HeadCollector()
    private var headerBytes = 0
    private var bodyBytes = 0
    private(set) var lastByte: MonotonicInstant
    private let clock: LoopClock

    init(_ id: TransferID, _ request: PreparedRequest, handler: any TransferHandler, stage: Stage, clock: LoopClock) {
        self.id = id
        self.handler = handler
        self.stage = stage
        self.clock = clock
        self.request = request
        host = request.host
        limits = request.request.limits
        since = clock.now
        lastByte = clock.now
    }

    /// A request without a total limit is a stream: it may be open for hours, so its memory counts.
    var isStream: Bool { limits.total == nil }

    // MARK: From libcurl's callbacks

    /// libcurl is about to make a socket. Judges once more, at the last moment: whatever made libcurl choose this address, it is refused
    /// unless it is one of those that were judged.
    func mayConnect(to address: IPAddress?) -> Bool {
        guard ending == nil else { return false }
        guard let route, let address, route.addresses.contains(address) else {
            ending = .failed(.refusedByGuard(.unjudged(address)))
            return false
        }
        guard let refusal = route.policy.judge([address]) else { return true }
        ending = .failed(.refusedByGuard(refusal))
        return false
    }

    /// The request is about to be sent. Comes again when libcurl tries anew because a kept connection turned out to be dead.
    ///
    /// - Returns: Whether it may be.
    func connected() -> Bool {
        lastByte = clock.now
        guard ending == nil else { return false }
        guard !isConnected else { return true }
        isConnected = true
        shard?.connected.append(self)
        return true
    }

    /// - Returns: Whether libcurl shall go on.
    func received(headerLine line: UnsafeBufferPointer<UInt8>) -> Bool {
        lastByte = clock.now
        guard ending == nil else { return false }
        headerBytes += line.count
        guard headerBytes <= limits.headerBytes else {
            ending = .failed(.headersTooLarge(limit: limits.headerBytes))
            return false
        }
        // What comes after the head are trailers, which are counted and dropped.
        guard !hasHead, let head = collector.add(line) else { return true }
        hasHead = true
        collector = HeadCollector()
        if let trouble = passage?.trouble(withAnswer: head) {
            ending = .failed(trouble)
            return false
        }
        isMultiplexed = easy?.long(CURLINFO_HTTP_VERSION) == Int(CURL_HTTP_VERSION_2_0)
        shard?.answered.append(self)
        guard !Self.hasUnaskedCoding(head) else {
            ending = .failed(.protocolViolation(detail: "it has a transfer coding that was not asked for"))
            return false
        }
        return follow(handler.transferReceived(head))
    }

    /// A sender may use no transfer coding but `chunked` unless it was asked to (RFC 9112, section 7.4). libcurl 7.88 unpacks a compressed
    /// one all the same, so it is refused here, before the first byte of the body.
    private static func hasUnaskedCoding(_ head: TransferHead) -> Bool {
        head.headers.contains { $0.name == "transfer-encoding" && !["chunked", "identity"].contains($0.value.lowercased()) }
    }

    /// - Returns: What the write callback must return.
    func received(body: UnsafeBufferPointer<UInt8>) -> Int {
        guard ending == nil else { return Self.refused }
        lastByte = clock.now
        guard !isPaused else { return hold(body) }
        bodyBytes += body.count
        if let limit = limits.bodyBytes, bodyBytes > limit {
            ending = .failed(.bodyTooLarge(limit: limit))
            return Self.refused
        }
        return follow(handler.transferReceived(body.span)) ? body.count : Self.refused
    }

    /// The handler's "pause" came with bytes that count as taken, which libcurl cannot express: so it is the next ones that are held.
    private func hold(_ body: UnsafeBufferPointer<UInt8>) -> Int {
        guard isMultiplexed else {
            // libcurl keeps these bytes for the time after the pause.
            isHeldByLibrary = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        guard held.count + body.count <= Self.heldBytesLimit else {
            held = []
            ending = .failed(.connectionLost(detail: "more than \(Self.heldBytesLimit) bytes piled up while nobody read them"))
            return Self.refused
        }
        held.append(contentsOf: body)
        return body.count
    }

    private func follow(_ verdict: TransferVerdict) -> Bool {
        switch verdict {
        case .proceed:
            return true
        case .pause:
            isPaused = true
            return true
        case .finish:
            ending = .finished
            return false
        }
    }

    /// A write callback's answer that is neither the count nor "pause". CURL_WRITEFUNC_ERROR has the same meaning since libcurl 7.87.
    private static let refused = -1

    // MARK: From the engine

    /// Ends the handler's pause, and gives it what was held here. What libcurl holds it gives when told so.
    ///
    /// - Returns: Whether libcurl must be told.
    func resume() -> Bool {
        guard isPaused, ending == nil else { return false }
        isPaused = false
        lastByte = clock.now
        if hasHeldBytes {
            let bytes = held
            held = []
            bytes.withUnsafeBufferPointer { _ = received(body: $0) }
        }
        defer { isHeldByLibrary = false }
        return isHeldByLibrary
    }

    var hasHeldBytes: Bool { !held.isEmpty }

    /// Makes every callback from now on refuse.
    func end(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
    }
}

extension TransferRefusal {
    /// libcurl wants to connect somewhere else than it was told.
    static func unjudged(_ address: IPAddress?) -> TransferRefusal {
        TransferRefusal(
            reason: "the connection would have gone to an address that was not judged",
            detail: "libcurl chose \(address.map { "\($0)" } ?? "an address of an unknown family"), which was not among those judged")
    }
}
