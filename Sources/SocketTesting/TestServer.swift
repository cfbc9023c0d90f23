import Foundation
package import Glibc
import NIOConcurrencyHelpers

/// A server of plain sockets that does what HTTP servers should not. One thread accepts; each connection has one of its own.
package final class TestServer: Sendable {
    package enum Behaviour: Sendable {
        /// Runs on the connection's thread; the connection is closed afterwards.
        case serve(@Sendable (Connection) -> Void)
        /// Greets every connection with these bytes and keeps it open, without a thread, until ``TestServer/stop()``.
        case hold(String)
        /// Accepts nothing: connections pile up in the kernel until it takes no more.
        case neverAccept
    }

    private struct State {
        var accepted = 0
        var held: [Int32] = []
        var isStopped = false
    }

    package let port: UInt16
    private let listener: Int32
    private let behaviour: Behaviour
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - host: The last number of the loopback address, 127.0.0.x.
    ///   - port: 0 lets the system choose.
    package init(_ behaviour: Behaviour, host: UInt8 = 1, port: UInt16 = 0) throws {
        self.behaviour = behaviour
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port, host: host)
        let bound = withSocketAddress(&address) { bind(listener, $0, $1) }
        let backlog: Int32 = if case .neverAccept = behaviour { 0 } else { 1024 }
        guard bound == 0, listen(listener, backlog) == 0 else { throw SystemFailure(call: "listen", number: errno) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        self.listener = listener
        self.port = UInt16(bigEndian: address.sin_port)
        if case .neverAccept = behaviour {} else { spawn { self.acceptAll() } }
    }

    package var url: String { "http://127.0.0.1:\(port)" }

    package var accepted: Int { state.withLockedValue(\.accepted) }

    /// Stops accepting, and closes what is held.
    package func stop() {
        let held = state.withLockedValue { state in
            defer { state.held = [] }
            guard !state.isStopped else { return [Int32]() }
            state.isStopped = true
            // Wakes the thread in `accept`, which then closes the listener.
            shutdown(listener, Int32(SHUT_RDWR))
            return state.held
        }
        for descriptor in held { close(descriptor) }
    }

    /// Waits until the other side has closed every held connection. Blocks; call it from a thread that may.
    package func heldConnectionsClosedByPeer() -> Int {
        state.withLockedValue(\.held).filter { Connection($0).waitForClose() }.count
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            // A TLS server that another test starts meanwhile must not keep the connection open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            state.withLockedValue { $0.accepted += 1 }
            switch behaviour {
            case .serve(let body):
                spawn {
                    body(Connection(descriptor))
                    close(descriptor)
                }
            case .hold(let greeting):
                _ = Connection(descriptor).send(greeting)
                state.withLockedValue { $0.held.append(descriptor) }
            case .neverAccept:
                close(descriptor)
            }
        }
        close(listener)
    }
}

package struct SystemFailure: Error {
    package let call: String
    package let number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }
}

/// One accepted connection.
package struct Connection: Sendable {
    package struct Request {
        package var head: String
        package var body: [UInt8]

        package var path: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    }

    package let descriptor: Int32

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// `nil` when the other side has closed.
    package func readRequest() -> Request? {
        var bytes: [UInt8] = []
        while true {
            if let end = headEnd(of: bytes) {
                let head = String(decoding: bytes[..<end], as: UTF8.self)
                let length = head.lowercased().firstMatch(of: /content-length: *([0-9]+)/).flatMap { Int($0.1) } ?? 0
                while bytes.count < end + length {
                    guard let more = read() else { return nil }
                    bytes += more
                }
                return Request(head: head, body: Array(bytes[end..<(end + length)]))
            }
            guard let more = read() else { return nil }
            bytes += more
        }
    }

    private func headEnd(of bytes: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0..<($0 + 4)].elementsEqual(mark) }.map { $0 + 4 }
    }

    private func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Waits for the end of the other side; whether it came in an orderly way or by a reset.
    package func waitForClose() -> Bool {
        while read() != nil {}
        return true
    }

    @discardableResult
    package func send(_ text: String) -> Bool {
        send(Array(text.utf8))
    }

    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { rest in
                Glibc.send(descriptor, rest.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends `total` bytes as fast as they go, until nothing can be sent for a while.
    ///
    /// - Parameter patience: How long a while is, in milliseconds.
    /// - Returns: How many were sent.
    package func sendUntilStalled(total: Int, patience: Int32) -> Int {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1024)
        var sent = 0
        while sent < total {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, patience) > 0 else { break }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = Glibc.send(descriptor, piece, min(piece.count, total - sent), flags)
            if count < 0 && errno == EAGAIN { continue }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }
}

package func answer(_ body: String = "ok", status: String = "200 OK", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

package func loopback(port: UInt16, host: UInt8 = 1) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
    return address
}

package func withSocketAddress<Result>(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// Runs `body` on a thread of its own, with a small stack.
package func spawn(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.stackSize = 256 * 1024
    thread.start()
}

/// Runs blocking code outside the cooperative pool.
package func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        spawn { continuation.resume(returning: body()) }
    }
}
