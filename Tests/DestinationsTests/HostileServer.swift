import Foundation
import Glibc
import NIOConcurrencyHelpers

/// A server on the loopback interface that does to its client whatever a test says.
final class HostileServer: Sendable {
    /// One connection whose request has been read.
    struct Victim: Sendable {
        let descriptor: Int32
        let request: String

        /// - Returns: Whether it could be sent; not when the other side has closed.
        @discardableResult
        func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { return false }
                rest = rest.dropFirst(sent)
            }
            return true
        }

        /// Sends the same over and over, until the other side has had enough.
        ///
        /// - Returns: How many bytes it took.
        func flood(_ text: String, atMost limit: Int = .max) -> Int {
            let bytes = Array(String(repeating: text, count: max(1, 16 * 1024 / text.utf8.count)).utf8)
            var total = 0
            while total < limit, send(bytes) { total += bytes.count }
            return total
        }

        /// Sends one byte at a time, for ever, as slow as keeps a client hoping.
        func drip(_ text: String) {
            for byte in text.utf8.cycled() {
                guard send([byte]) else { return }
                usleep(5_000)
            }
        }

        /// Ends the connection by a reset instead of in an orderly way.
        func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
    }

    let port: Int
    private let listener: Int32
    private let state = NIOLockedValueBox<[String]>([])

    /// - Parameter act: Runs on the connection's thread; the connection is closed afterwards.
    init(_ act: @escaping @Sendable (Victim) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | listen(listener, 16) | getsockname(listener, pointer, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in acceptAll(act) }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    /// The heads of the requests that came.
    var requests: [String] { state.withLockedValue { $0 } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func acceptAll(_ act: @escaping @Sendable (Victim) -> Void) {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
            Thread.detachNewThread { [self] in
                defer { close(connection) }
                // Every request of these tests comes in one piece, or is not needed whole.
                var buffer = [UInt8](repeating: 0, count: 64 * 1024)
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                let request = String(decoding: buffer[..<count], as: UTF8.self)
                state.withLockedValue { $0.append(request) }
                act(Victim(descriptor: connection, request: request))
            }
        }
        close(listener)
    }
}

extension Sequence {
    fileprivate func cycled() -> some Sequence<Element> {
        let elements = Array(self)
        return (0...).lazy.map { elements[$0 % elements.count] }
    }
}
