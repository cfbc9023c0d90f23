import CCurl
import Transport

/// One multi handle with its connections, names, TLS sessions and spare easy handles.
///
/// Everything libcurl caches stays within a shard, and a shard within its loop: no cache needs a lock, and guarded traffic never meets
/// connections that were opened without a guard. Not `Sendable`, on purpose.
final class Shard {
    /// Spare easy handles kept; further ones are freed.
    private static let spareHandlesLimit = 64

    /// Requests on one HTTP/2 connection: an event costs libcurl 7.88 a look at every transfer on its connection.
    private static let streamsPerConnection = 25

    /// When libcurl wants ``timeout()`` to be called.
    private(set) var deadline: MonotonicInstant?
    /// Transfers that got their connection since the engine last looked.
    var connected: [Transfer] = []
    /// Transfers that got their answer's head since the engine last looked.
    var answered: [Transfer] = []

    private let multi: OpaquePointer
    private let share: OpaquePointer
    private let poller: Poller
    private let tag: UInt32
    private var spareHandles: [EasyHandle] = []
    private var transfers = 0
    private var isClosed = false

    /// - Parameter tag: Comes back with the events of this shard's sockets.
    init(tag: UInt32, maxConnects: Int, poller: Poller) throws(CurlTransportError) {
        guard let multi = curl_multi_init() else { throw .initialisation("no memory for a multi handle") }
        guard let share = curl_share_init() else {
            curl_multi_cleanup(multi)
            throw .initialisation("no memory for a share handle")
        }
        self.multi = multi
        self.share = share
        self.poller = poller
        self.tag = tag
        // Without a share every easy handle has its own TLS sessions, and none finds another's. Names are the multi handle's anyway.
        _ = ccurl_share_set(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION)

        let user = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_socket(multi, curlSocketChanged)
        _ = ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, user)
        _ = ccurl_multi_set_timer(multi, curlTimerChanged)
        _ = ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, user)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxConnects)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, Self.streamsPerConnection)
    }

    deinit {
        close()
    }

    /// Closes all connections. No transfer may be left.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        deadline = nil
        spareHandles.removeAll()
        // Sockets leave the epoll set by being closed, and nobody needs to hear of it: this may run in `deinit`.
        _ = ccurl_multi_set_socket(multi, nil)
        _ = ccurl_multi_set_timer(multi, nil)
        curl_multi_cleanup(multi)
        curl_share_cleanup(share)
    }

    // MARK: Transfers

    func makeHandle() -> EasyHandle? {
        spareHandles.popLast() ?? EasyHandle(share: share)
    }

    func add(_ handle: EasyHandle) -> CURLMcode {
        let code = curl_multi_add_handle(multi, handle.raw)
        if code == CURLM_OK { transfers += 1 }
        return code
    }

    /// Whether no transfer is in it.
    var isIdle: Bool { transfers == 0 }

    /// Takes a handle out of libcurl; a transfer that still runs on it ends.
    ///
    /// - Parameter keeps: Whether the handle may be used again. Only after a regular end over HTTP/1: libcurl 7.88 leaves the buffers
    ///   of a transfer behind in a handle that shared an HTTP/2 connection, and `curl_easy_reset` then forgets how large they are.
    func remove(_ handle: EasyHandle, keeps: Bool) {
        curl_multi_remove_handle(multi, handle.raw)
        transfers -= 1
        guard keeps, spareHandles.count < Self.spareHandlesLimit else { return }
        handle.reset()
        spareHandles.append(handle)
    }

    // MARK: Driving

    func socketReady(_ event: Poller.Event) {
        var running: Int32 = 0
        let readiness = (event.isReadable ? CURL_CSELECT_IN : 0) | (event.isWritable ? CURL_CSELECT_OUT : 0)
        curl_multi_socket_action(multi, event.descriptor, readiness, &running)
    }

    /// libcurl's deadline has come.
    func timeout() {
        deadline = nil
        var running: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    /// The next transfer that libcurl is done with.
    func nextFinished() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            var user: UnsafeMutableRawPointer?
            _ = ccurl_easy_get_private(message.pointee.easy_handle, &user)
            guard let user else { continue }
            return (Unmanaged<Transfer>.fromOpaque(user).takeUnretainedValue(), message.pointee.data.result)
        }
        return nil
    }

    // MARK: From libcurl's callbacks

    func socketChanged(_ socket: curl_socket_t, interest: Int32, isKnown: Bool) {
        guard interest != CURL_POLL_REMOVE else {
            poller.remove(socket)
            curl_multi_assign(multi, socket, nil)
            return
        }
        let reads = interest & CURL_POLL_IN != 0
        let writes = interest & CURL_POLL_OUT != 0
        if isKnown {
            poller.change(socket, tag: tag, reads: reads, writes: writes)
        } else {
            poller.add(socket, tag: tag, reads: reads, writes: writes)
            // Any pointer will do: it only says that the socket is in the set.
            curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    func timerChanged(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : .now() + .milliseconds(milliseconds)
    }
}
