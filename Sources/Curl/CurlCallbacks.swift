import CCurl

// The doors through which libcurl calls. Plain functions of a file of their own: closures made in main-actor code would insist on
// running there. Each finds its object again by the pointer that libcurl was given with it, and does nothing else.

/// libcurl: CURLOPT_HEADERFUNCTION.
func curlReceivedHeader(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    guard let data, let user else { return 0 }
    let line = UnsafeBufferPointer(start: UnsafeRawPointer(data).assumingMemoryBound(to: UInt8.self), count: size * count)
    return transfer(user).received(headerLine: line) ? line.count : 0
}

/// libcurl: CURLOPT_WRITEFUNCTION. An empty body calls it with no bytes.
func curlReceivedBody(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    guard let data, let user, size * count > 0 else { return 0 }
    return transfer(user).received(
        body: UnsafeBufferPointer(start: UnsafeRawPointer(data).assumingMemoryBound(to: UInt8.self), count: size * count)
    )
}

/// libcurl: CURLOPT_PREREQFUNCTION.
func curlConnected(
    _ user: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?, _ localAddress: UnsafeMutablePointer<CChar>?, _ port: Int32,
    _ localPort: Int32
) -> Int32 {
    if let user { transfer(user).connected() }
    return CURL_PREREQFUNC_OK
}

/// libcurl: CURLMOPT_SOCKETFUNCTION.
func curlSocketChanged(
    _ easy: OpaquePointer?, _ socket: curl_socket_t, _ interest: Int32, _ user: UnsafeMutableRawPointer?, _ known: UnsafeMutableRawPointer?
) -> Int32 {
    if let user { shard(user).socketChanged(socket, interest: interest, isKnown: known != nil) }
    return 0
}

/// libcurl: CURLMOPT_TIMERFUNCTION.
func curlTimerChanged(_ multi: OpaquePointer?, _ milliseconds: Int, _ user: UnsafeMutableRawPointer?) -> Int32 {
    if let user { shard(user).timerChanged(milliseconds) }
    return 0
}

private func transfer(_ user: UnsafeMutableRawPointer) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(user).takeUnretainedValue()
}

private func shard(_ user: UnsafeMutableRawPointer) -> Shard {
    Unmanaged<Shard>.fromOpaque(user).takeUnretainedValue()
}
