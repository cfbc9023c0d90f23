import APIDescriptionTesting
import Foundation
import Glibc
import HTTPTypes
import RawJSON
import Testing

/// What a server answered, as it came over the wire.
struct ProbeAnswer {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> JSON { try JSON(parsing: body) }
}

struct ProbeFailure: Error {
    let what: String
}

/// A small HTTP/1.1 client over a plain socket: it sends exactly what a test says, also what no proper client would.
struct HTTPProbe: Sendable {
    let port: Int

    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: String? = nil, host: String = "127.0.0.1"
    ) async throws -> ProbeAnswer {
        let bytes = body.map { Array($0.utf8) }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let bytes { head += "Content-Length: \(bytes.count)\r\n" }
        let answer = try await exchange(Array((head + "\r\n").utf8) + (bytes ?? []))
        hold(answer, to: method, target)
        return answer
    }

    /// Whatever a test is about: no answer may be one that the API's description does not describe.
    private func hold(_ answer: ProbeAnswer, to method: String, _ target: String) {
        let problems = DescribedAPI.shared.problems(
            method: method, target: target, status: answer.status, contentType: answer.headers["content-type"], body: answer.body)
        for problem in problems { Issue.record("the API's description does not hold: \(problem)") }
    }

    /// Sends bytes as they are and reads until the server closes.
    func exchange(_ request: [UInt8]) async throws -> ProbeAnswer {
        let answer: [UInt8] = try await withCheckedThrowingContinuation { continuation in
            // Blocking calls have no place on the pools that the server's handlers and the store's queues run on.
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(request, port: port) })
            }
        }
        return try Self.parse(answer)
    }

    /// A socket whose calls take 20 s at most.
    static func connected(to port: Int) throws -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw ProbeFailure(what: "no socket") }
        var patience = timeval(tv_sec: 240, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else {
            close(socket)
            throw ProbeFailure(what: "no connection")
        }
        return socket
    }

    private static func exchange(_ request: [UInt8], port: Int) throws -> [UInt8] {
        let socket = try connected(to: port)
        defer { close(socket) }
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // A server may answer and close before it has read everything; its answer still counts.
            if count <= 0 { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            answer += buffer[..<count]
            if isComplete(answer) { break }
        }
        return answer
    }

    /// Whether the announced body has come; the server may take its time to close.
    private static func isComplete(_ answer: [UInt8]) -> Bool {
        guard let parsed = try? parse(answer), let length = parsed.headers["content-length"].flatMap({ Int($0) }) else { return false }
        return parsed.body.count >= length
    }

    private static func parse(_ bytes: [UInt8]) throws -> ProbeAnswer {
        let separator = Array("\r\n\r\n".utf8)
        let limit = max(0, bytes.count - separator.count + 1)
        guard let end = (0..<limit).first(where: { Array(bytes[$0..<$0 + separator.count]) == separator }) else {
            throw ProbeFailure(what: "no answer: \(bytes.count) bytes")
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw ProbeFailure(what: "no status line") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let body = Array(bytes[(end + separator.count)...])
        guard headers["transfer-encoding"] == "chunked" else { return ProbeAnswer(status: status, headers: headers, body: body) }
        return ProbeAnswer(status: status, headers: headers, body: try unchunked(body))
    }

    /// RFC 9112, section 7.1.
    private static func unchunked(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        var body: [UInt8] = []
        while true {
            let line = rest.prefix { $0 != UInt8(ascii: "\r") }
            guard let count = Int(String(decoding: line, as: UTF8.self), radix: 16), rest.count >= line.count + 4 + count else {
                throw ProbeFailure(what: "the chunked body broke off after \(body.count) bytes")
            }
            if count == 0 { return body }
            body += rest.dropFirst(line.count + 2).prefix(count)
            rest = rest.dropFirst(line.count + 4 + count)
        }
    }
}
