import CCurl
import Glibc
import RingbackCore

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
    guard let user, transfer(user).connected() else { return CURL_PREREQFUNC_ABORT }
    return CURL_PREREQFUNC_OK
}

/// libcurl: CURLOPT_OPENSOCKETFUNCTION. "no" is CURL_SOCKET_BAD, which libcurl calls a refused connection: the transfer remembers why.
func curlOpenSocket(
    _ user: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let user else { return CURL_SOCKET_BAD }
    return openSocket(to: target) { transfer(user).mayConnect(to: $0) }
}

/// The one place where a socket is made, for whatever libcurl carries: only to an address that `allows` says yes to.
///
/// - Parameter allows: Is given `nil` for an address of an unknown family.
func openSocket(to target: UnsafeMutablePointer<curl_sockaddr>?, allows: (IPAddress?) -> Bool) -> curl_socket_t {
    guard let target, let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return CURL_SOCKET_BAD }
    // The address may be longer than the `sockaddr` it is declared as: libcurl keeps room for any behind it.
    let address = (UnsafeRawPointer(target) + offset).assumingMemoryBound(to: sockaddr.self)
    guard allows(IPAddress(socketAddress: address, length: target.pointee.addrlen)) else { return CURL_SOCKET_BAD }
    return socket(target.pointee.family, target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), target.pointee.protocol)
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
