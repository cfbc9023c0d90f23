import Foundation
import Glibc
import NIOConcurrencyHelpers

/// A web server on the loopback interface that answers with the bytes it is told, and remembers what it got.
final class Receiver: Sendable {
    struct Request: Sendable {
        let line: String
        let headers: [(name: String, value: String)]
        let body: [UInt8]

        subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    }

    let port: Int
    private let listener: Int32
    private let answer: [UInt8]?
    private let state = NIOLockedValueBox<(requests: [Request], connections: Int)>(([], 0))

    /// - Parameter answer: Sent to every request; `nil` takes requests and never answers. After an answer without `Content-Length` the
    ///   connection is closed.
    init(answer: String?) throws {
        self.answer = answer.map { Array($0.utf8) }
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | listen(listener, 16) | getsockname(listener, pointer, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in acceptAll() }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLockedValue(\.requests) }
    var connections: Int { state.withLockedValue(\.connections) }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func acceptAll() {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
            state.withLockedValue { $0.connections += 1 }
            Thread.detachNewThread { [self] in serve(connection) }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var buffer: [UInt8] = []
        while let request = readRequest(connection, &buffer) {
            state.withLockedValue { $0.requests.append(request) }
            guard let answer else { continue }
            var rest = answer[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
            guard String(decoding: answer.prefix(4096), as: UTF8.self).lowercased().contains("content-length:") else { return }
        }
    }

    private func readRequest(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while true {
            if headEnd == nil {
                headEnd = buffer.indices.first { buffer[$0...].starts(with: end) }
            }
            if let headEnd {
                let lines = String(decoding: buffer[..<headEnd], as: UTF8.self).split(separator: "\r\n")
                let headers = lines.dropFirst().map { line in
                    let colon = line.firstIndex(of: ":") ?? line.endIndex
                    return (name: String(line[..<colon]), value: line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
                }
                let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
                let whole = headEnd + end.count + length
                if buffer.count >= whole {
                    let body = Array(buffer[(headEnd + end.count)..<whole])
                    buffer.removeFirst(whole)
                    return Request(line: lines.first.map(String.init) ?? "", headers: headers, body: body)
                }
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk.prefix(count)
        }
    }
}

/// Lends a receiver and stops it afterwards.
func withReceiver<Result>(answer: String?, _ body: (Receiver) async throws -> Result) async throws -> Result {
    let receiver = try Receiver(answer: answer)
    defer { receiver.stop() }
    return try await body(receiver)
}
