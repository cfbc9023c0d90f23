import EventStream
import Foundation
import Testing

/// One case of `Data/sse_wpt_cases.json`: the platform tests of the web, a few more collected ones, and our own.
struct StandardCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Expected: Decodable, Sendable {
        let type: String
        /// Absent for generated data, whose length is given instead.
        let data: String?
        let data_length: Int?
        let lastEventId: String
    }

    let name: String
    let bytes_b64: String?
    let generate: String?
    let events: [Expected]
    let retry_ms: Int?
    let reconnect_last_event_id: String?

    var testDescription: String { name }

    var bytes: [UInt8] {
        get throws {
            if generate != nil { return Array("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: 1 << 20) + Array("\n\n".utf8) }
            return Array(try #require(Data(base64Encoded: bytes_b64 ?? "")))
        }
    }

    static let all: [StandardCase] = {
        struct File: Decodable { let cases: [StandardCase] }
        do {
            let url = try #require(Bundle.module.url(forResource: "sse_wpt_cases", withExtension: "json", subdirectory: "Data"))
            return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
        } catch {
            Issue.record("the cases cannot be read: \(error)")
            return []
        }
    }()
}

/// How a stream's bytes are cut into the pieces a connection gives.
enum Cutting: String, CaseIterable, Sendable {
    case whole
    case bytes
    /// Between every carriage return and line feed, and after every other line end.
    case lineEnds

    func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        switch self {
        case .whole: return [bytes[...]]
        case .bytes: return bytes.indices.map { bytes[$0...$0] }
        case .lineEnds:
            var pieces: [ArraySlice<UInt8>] = []
            var start = 0
            for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") {
                pieces.append(bytes[start...index])
                start = index + 1
            }
            return pieces + [bytes[start...]]
        }
    }
}

@Suite("The event stream parser and the standard")
struct StandardCasesTests {
    @Test("the file of cases is there")
    func casesExist() {
        #expect(StandardCase.all.count >= 45)
    }

    @Test("agree, however the bytes are cut", arguments: StandardCase.all, Cutting.allCases)
    func agreement(_ standard: StandardCase, _ cutting: Cutting) throws {
        var parser = EventStreamParser()
        var events: [ServerSentEvent] = []
        for piece in cutting.pieces(of: try standard.bytes) { events += try parser.events(in: piece.span) }
        try #require(events.count == standard.events.count)
        for (event, expected) in zip(events, standard.events) {
            #expect(event.type == expected.type)
            #expect(event.lastEventID == expected.lastEventId)
            if let data = expected.data { #expect(String(decoding: event.data, as: UTF8.self) == data) }
            if let length = expected.data_length { #expect(event.data == [UInt8](repeating: UInt8(ascii: "y"), count: length)) }
        }
        if let id = standard.reconnect_last_event_id { #expect(String(decoding: parser.lastEventID, as: UTF8.self) == id) }
        #expect(parser.reconnectionTime == standard.retry_ms.map { .milliseconds($0) })
    }
}
