import NIOCore

/// One request as the world's two servers need it.
struct Request {
    let method: String
    let path: String
    /// What follows the question mark, as it was sent; empty without one.
    let query: String
    /// Names in lower case. Of headers with the same name the last counts.
    let headers: [String: String]
    let body: [UInt8]
}

/// Cuts the bytes of one connection into HTTP/1.1 requests.
///
/// It reads what libcurl writes and no more: bodies have a `Content-Length`. That little makes the world cheap beside what is measured.
struct RequestReader {
    struct Malformed: Error {}

    static let maximumHeadBytes = 64 * 1024
    static let maximumBodyBytes = 1024 * 1024

    private var buffer = ByteBuffer()

    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
            buffer.discardReadBytes()
        }
    }

    /// - Returns: The next whole request; `nil` until more bytes have come.
    mutating func next() throws(Malformed) -> Request? {
        guard let headBytes = try headLength() else { return nil }
        let head = buffer.readableBytesView.prefix(headBytes)
        var lines = head.split(separator: UInt8(ascii: "\n")).makeIterator()
        let words = (lines.next() ?? head).split(separator: UInt8(ascii: " "))
        guard words.count == 3 else { throw Malformed() }
        var headers: [String: String] = [:]
        while let line = lines.next() { Self.add(line, to: &headers) }
        guard let bodyBytes = Int(headers["content-length"] ?? "0"), 0...Self.maximumBodyBytes ~= bodyBytes else { throw Malformed() }
        guard buffer.readableBytes >= headBytes + bodyBytes else { return nil }
        let target = words[1].split(separator: UInt8(ascii: "?"), maxSplits: 1)
        let request = Request(
            method: Self.text(words[0]),
            path: target.first.map(Self.text) ?? "",
            query: target.count > 1 ? Self.text(target[1]) : "",
            headers: headers,
            body: Array(buffer.readableBytesView.dropFirst(headBytes).prefix(bodyBytes))
        )
        buffer.moveReaderIndex(forwardBy: headBytes + bodyBytes)
        return request
    }

    /// The bytes up to the empty line, which is included; `nil` until it is there.
    private func headLength() throws(Malformed) -> Int? {
        let view = buffer.readableBytesView
        var lineBytes = 0
        for (offset, byte) in view.enumerated() {
            if byte == UInt8(ascii: "\n") {
                if lineBytes == 0, offset > 1 { return offset + 1 }
                lineBytes = 0
            } else if byte != UInt8(ascii: "\r") {
                lineBytes += 1
            }
        }
        guard view.count <= Self.maximumHeadBytes else { throw Malformed() }
        return nil
    }

    private static func add(_ line: ByteBufferView, to headers: inout [String: String]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = line[line.index(after: colon)...].drop { $0 <= UInt8(ascii: " ") }
        let end = value.lastIndex { $0 > UInt8(ascii: " ") }.map { value.index(after: $0) } ?? value.startIndex
        headers[text(line[..<colon]).lowercased()] = text(value[..<end])
    }

    private static func text(_ bytes: ByteBufferView) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
