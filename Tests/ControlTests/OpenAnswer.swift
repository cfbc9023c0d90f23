import Foundation
import Glibc

/// An answer that is read piece by piece, over a plain socket, as a client does that shows a stream while it comes.
///
/// Every blocking call runs on a thread of its own: the pools belong to the server under test.
final class OpenAnswer: Sendable {
    private let socket: Int32

    private init(socket: Int32) {
        self.socket = socket
    }

    /// Sends a request and returns without waiting for an answer.
    static func open(
        port: Int, _ method: String, _ target: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> OpenAnswer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        let request = Array((head + "\r\n" + (body ?? "")).utf8)
        return try await blocking {
            let socket = try HTTPProbe.connected(to: port)
            guard request.withUnsafeBytes({ send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == request.count else {
                throw ProbeFailure(what: "the request was not taken")
            }
            return OpenAnswer(socket: socket)
        }
    }

    /// Reads on until what has come since the last call ends with `text`.
    ///
    /// - Throws: When the connection ends before.
    func read(until text: String) async throws -> String {
        let end = Array(text.utf8)
        return try await Self.blocking { [socket] in
            var bytes: [UInt8] = []
            while !bytes.suffix(end.count).elementsEqual(end) {
                var byte: UInt8 = 0
                guard recv(socket, &byte, 1, 0) == 1 else {
                    throw ProbeFailure(what: "the connection ended after: \(String(decoding: bytes, as: UTF8.self))")
                }
                bytes.append(byte)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Everything until the connection ends.
    func rest() async throws -> String {
        try await Self.blocking { [socket] in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = recv(socket, &buffer, buffer.count, 0)
                if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
                bytes += buffer[..<count]
            }
        }
    }

    /// Leaves.
    func close() {
        Glibc.close(socket)
    }

    private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}
