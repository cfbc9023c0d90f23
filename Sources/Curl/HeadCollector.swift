import Transport

/// Makes a ``TransferHead`` out of the lines that libcurl hands over one by one. Pure.
///
/// libcurl has judged the lines already (a status line comes first, every other one has a colon) and writes HTTP/2 heads in the form of
/// HTTP/1. Interim answers (1xx, RFC 9110 section 15.2) are dropped.
struct HeadCollector {
    private var status = 0
    private var headers: [(name: String, value: String)] = []

    /// - Parameter line: With its line break.
    /// - Returns: The head, when `line` was the empty one at its end.
    mutating func add(_ line: UnsafeBufferPointer<UInt8>) -> TransferHead? {
        let line = line[..<Self.trimmedEnd(of: line, from: 0)]
        if line.isEmpty { return finish() }
        if line.starts(with: "HTTP/".utf8) {
            status = Self.status(of: line)
            headers.removeAll()
        } else if line[line.startIndex] == UInt8(ascii: " ") || line[line.startIndex] == UInt8(ascii: "\t") {
            // Obsolete line folding (RFC 9112 section 5.2) is read as a space.
            if !headers.isEmpty { headers[headers.count - 1].value += " " + Self.text(of: line[...]) }
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.append((Self.name(of: line[..<colon]), Self.text(of: line[(colon + 1)...])))
        }
        return nil
    }

    private mutating func finish() -> TransferHead? {
        defer {
            status = 0
            headers = []
        }
        return status >= 200 ? TransferHead(status: status, headers: headers) : nil
    }

    /// The number after the first space; 0 when there is none.
    private static func status(of line: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return 0 }
        return line[(space + 1)...].prefix(3).reduce(0) { number, byte in
            byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? number * 10 + Int(byte - UInt8(ascii: "0")) : 0
        }
    }

    private static func name(of bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        String(unsafeUninitializedCapacity: bytes.count) { buffer in
            for (index, byte) in bytes.enumerated() {
                let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                buffer[index] = isCapital ? byte | 0x20 : byte
            }
            return bytes.count
        }
    }

    /// Without the white space around it; bytes that are no UTF-8 become U+FFFD.
    private static func text(of bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        return String(decoding: bytes[start..<trimmedEnd(of: bytes.base, from: start, upTo: bytes.endIndex)], as: UTF8.self)
    }

    private static func trimmedEnd(of bytes: UnsafeBufferPointer<UInt8>, from start: Int, upTo limit: Int? = nil) -> Int {
        var end = limit ?? bytes.endIndex
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return end
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }
}
