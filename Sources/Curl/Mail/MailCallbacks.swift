import CCurl

// The doors through which libcurl calls while it sends a mail; see CurlCallbacks.swift.

/// libcurl: CURLOPT_HEADERFUNCTION, which gets every line of a mail server.
func curlMailAnswered(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    guard let data, let user else { return 0 }
    let line = UnsafeBufferPointer(start: UnsafeRawPointer(data).assumingMemoryBound(to: UInt8.self), count: size * count)
    return handover(user).received(line) ? line.count : -1
}

/// libcurl: CURLOPT_READFUNCTION.
func curlReadMail(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    guard let buffer, let user else { return Int(CURL_READFUNC_ABORT) }
    return handover(user).read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

/// libcurl: CURLOPT_PREREQFUNCTION: after the login, before MAIL FROM.
func curlMailMayBegin(
    _ user: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?, _ localAddress: UnsafeMutablePointer<CChar>?, _ port: Int32,
    _ localPort: Int32
) -> Int32 {
    guard let user, handover(user).mayBegin() else { return CURL_PREREQFUNC_ABORT }
    return CURL_PREREQFUNC_OK
}

/// libcurl: CURLOPT_XFERINFOFUNCTION, called about once per second while nothing happens.
func curlMailProgress(
    _ user: UnsafeMutableRawPointer?, _ downloadTotal: curl_off_t, _ downloaded: curl_off_t, _ uploadTotal: curl_off_t,
    _ uploaded: curl_off_t
) -> Int32 {
    guard let user, !handover(user).isCancelled else { return 1 }
    return 0
}

/// libcurl: CURLOPT_OPENSOCKETFUNCTION.
func curlOpenMailSocket(
    _ user: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let user else { return CURL_SOCKET_BAD }
    return openSocket(to: target) { handover(user).mayConnect(to: $0) }
}

private func handover(_ user: UnsafeMutableRawPointer) -> MailHandover {
    Unmanaged<MailHandover>.fromOpaque(user).takeUnretainedValue()
}
