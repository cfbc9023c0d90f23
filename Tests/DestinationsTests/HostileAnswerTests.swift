import AddressGuard
import Delivering
import Foundation
import NIOConcurrencyHelpers
import RingbackCore
import Testing

@Suite("A hostile answer", .timeLimit(.minutes(5)))
struct HostileAnswerTests {
    /// What a receiver does with a callback, and what the attempt's record says about it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: AttemptError?
        let status: Int?
        let act: @Sendable (HostileServer.Victim) -> Void

        init(_ name: String, _ error: AttemptError?, _ status: Int?, _ act: @escaping @Sendable (HostileServer.Victim) -> Void) {
            testDescription = name
            self.error = error
            self.status = status
            self.act = act
        }
    }

    private static let head = "HTTP/1.1 200 OK\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    /// The beginning of a gzip stream, and rubbish: whoever tries to unpack it cannot keep it as it is.
    private static let packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + [UInt8](repeating: 0xEC, count: 32 * 1024)

    /// These take as long as the attempt may.
    static let slow = [
        Case("that drips its status line", .timeout, nil, { $0.drip("HTTP/1.1 200 OK") }),
        Case(
            "that drips headers", .timeout, nil,
            {
                $0.send(head); $0.drip("X-Drop: 1\r\n")
            }),
        Case(
            "that drips a body", .timeout, 200,
            {
                $0.send(head + "Content-Length: 1000000\r\n\r\n"); $0.drip("x")
            }),
        Case(
            "that drips chunks", .timeout, 200,
            {
                $0.send(chunked); $0.drip("1\r\nx\r\n")
            }),
        Case(
            "that never ends a chunk's extension", .timeout, 200,
            {
                $0.send(chunked + "1;"); $0.drip("x")
            }),
        Case("that sends interim answers now and then", .timeout, nil, { $0.drip("HTTP/1.1 103 Early Hints\r\n\r\n") }),
        Case("that never comes", .timeout, nil, { _ in sleep(20) }),
    ]

    static let quick = [
        Case(
            "with a thousand header lines and more", .answerTooLarge, nil,
            {
                $0.send(head); _ = $0.flood("X-Filler: 0123456789\r\n")
            }),
        Case(
            "with a header line of a megabyte", .answerTooLarge, nil,
            { $0.send(head + "X-Long: " + String(repeating: "x", count: 1_000_000)) }),
        Case(
            "with a status line of a megabyte", .answerTooLarge, nil,
            { $0.send("HTTP/1.1 200 " + String(repeating: "x", count: 1_000_000)) }),
        Case("of interim answers without end", .answerTooLarge, nil, { _ = $0.flood("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") }),
        Case(
            "with trailers without end", .answerTooLarge, 200,
            {
                $0.send(chunked + "1\r\nx\r\n0\r\n"); _ = $0.flood("X-Trailer: 0123456789\r\n")
            }),
        Case(
            "with a trailer of a megabyte", .connectionLost, 200,
            {
                $0.send(chunked + "1\r\nx\r\n0\r\nX-Trailer: " + String(repeating: "x", count: 1_000_000))
            }),
        Case("that is rubbish", .protocolViolation, nil, { $0.send("\u{0}\u{1}\u{2}rubbish\r\n\r\n") }),
        Case("of another protocol", .protocolViolation, nil, { $0.send("SSH-2.0-OpenSSH_9.2p1\r\n") }),
        Case("of HTTP/0.9", .protocolViolation, nil, { $0.send("<html>hello</html>\n") }),
        Case("without a number in its status line", .protocolViolation, nil, { $0.send("HTTP/1.1 OK\r\n\r\n") }),
        Case("with a header that is none", .protocolViolation, nil, { $0.send(head + "no colon here\r\n\r\n") }),
        Case("with a NUL in a header", .protocolViolation, nil, { $0.send(head + "X-Nul: a\u{0}b\r\nContent-Length: 0\r\n\r\n") }),
        Case("with a length below zero", .protocolViolation, nil, { $0.send(head + "Content-Length: -5\r\n\r\nhello") }),
        Case("with a chunk that has no size", .connectionLost, 200, { $0.send(chunked + "zz\r\nhello\r\n0\r\n\r\n") }),
        Case(
            "with a chunk of more bytes than there are numbers", .connectionLost, 200, { $0.send(chunked + "FFFFFFFFFFFFFFFFFF\r\nhello") }),
        Case("with a chunk that is longer than its size", .connectionLost, 200, { $0.send(chunked + "1\r\nhello\r\n0\r\n\r\n") }),
        Case("with chunks that break off", .connectionLost, 200, { $0.send(chunked + "ffff\r\nhello") }),
        Case(
            "with a compression nobody asked for around it", .protocolViolation, nil,
            {
                $0.send(head + "Transfer-Encoding: gzip, chunked\r\n\r\n8000\r\n")
                $0.send(packed)
            }),
        Case("with a body that breaks off", .connectionLost, 200, { $0.send(head + "Content-Length: 100\r\n\r\nshort") }),
        Case("of nothing", .connectionLost, nil, { _ in }),
        Case("of a reset", .connectionLost, nil, { $0.reset() }),
        Case(
            "that is reset in its middle", .connectionLost, nil,
            {
                $0.send(head); $0.reset()
            }),
    ]

    @Test("ends the attempt with a label of its own, at the receiver's cost", arguments: quick)
    func quickly(_ example: Case) async throws {
        try await check(example, timeout: .seconds(30))
    }

    @Test("ends the attempt at its time limit", arguments: slow)
    func slowly(_ example: Case) async throws {
        try await check(example, timeout: .milliseconds(400))
    }

    private func check(_ example: Case, timeout: Duration) async throws {
        let server = try HostileServer(example.act)
        defer { server.stop() }
        let report = try await WebhookUnderTest.attempt(try Jobs.job(), url: server.url + "/?secret=7", timeout: timeout)
        #expect(report.error == example.error, "\(report.detail ?? "")")
        #expect(report.error?.isOurOwn != true, "an answer can never be our own trouble: it would be tried for ever")
        if let status = example.status { #expect(report.httpStatus == status) }
        #expect(report.detail?.contains("secret") != true)
        #expect(report.responseBody.count <= Attempt.keptBodyBytes)
        #expect(report.address == "127.0.0.1")
        #expect(report.timing.total != nil)
    }

    @Test(
        "of a gigabyte is read to 64 KiB and no further, and its status counts",
        arguments: ["Content-Length: 1073741824", "Transfer-Encoding: chunked"])
    func gigabyte(_ framing: String) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Int.self)
        let server = try HostileServer { victim in
            victim.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
            let isChunked = framing.hasSuffix("chunked")
            end.yield(victim.flood(isChunked ? "400\r\n" + String(repeating: "x", count: 1024) + "\r\n" : "x", atMost: 1 << 30))
            end.finish()
        }
        defer { server.stop() }
        let report = try await WebhookUnderTest.attempt(try Jobs.job(), url: server.url)
        #expect(report.error == nil)
        #expect(report.httpStatus == 200)
        #expect(report.responseBody == [UInt8](repeating: UInt8(ascii: "x"), count: Attempt.keptBodyBytes))
        for await sent in ends {
            // What the kernel's buffers on both sides hold counts as sent.
            #expect(sent < 64 << 20)
        }
    }

    @Test("that is compressed is kept as the bytes it is, and was not asked for")
    func compressed() async throws {
        let packed = Self.packed
        let server = try HostileServer { victim in
            victim.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
            victim.send(packed)
        }
        defer { server.stop() }
        let report = try await WebhookUnderTest.attempt(try Jobs.job(), url: server.url)
        #expect(report.error == nil)
        #expect(report.responseBody == Array(packed.prefix(Attempt.keptBodyBytes)))
        #expect(server.requests.first?.lowercased().contains("accept-encoding") == false)
    }

    @Test("keeps what had come of it before it failed")
    func partialBody() async throws {
        let server = try HostileServer { $0.send("HTTP/1.1 500 Broken\r\nX-Trace: 7\r\nContent-Length: 100\r\n\r\nthe reason is") }
        defer { server.stop() }
        let report = try await WebhookUnderTest.attempt(try Jobs.job(), url: server.url)
        #expect(report.error == .connectionLost)
        #expect(report.httpStatus == 500)
        #expect(report.responseHeaders.contains(ResponseHeader(name: "x-trace", value: "7")))
        #expect(String(decoding: report.responseBody, as: UTF8.self) == "the reason is")
    }

    @Test(
        "that redirects is a failure, and nobody follows",
        arguments: [
            (307, "http://127.0.0.1:PORT/"), (308, "http://169.254.169.254/latest/meta-data/"), (302, "/other"),
            (301, "http://example.com/"),
            (302, "gopher://127.0.0.1:6379/_SET"), (302, "//169.254.169.254/"), (303, "/hook"), (300, "/a"),
        ])
    func redirects(status: Int, location: String) async throws {
        let inside = try HostileServer { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        defer { inside.stop() }
        let target = location.replacing("PORT", with: "\(inside.port)")
        let server = try HostileServer { $0.send("HTTP/1.1 \(status) Elsewhere\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n") }
        defer { server.stop() }
        let report = try await WebhookUnderTest.attempt(try Jobs.job(), url: server.url + "/hook")
        #expect(report.error == .redirect)
        #expect(report.httpStatus == status)
        #expect(report.responseHeaders.contains(ResponseHeader(name: "location", value: target)))
        #expect(server.requests.count == 1)
        #expect(inside.requests.isEmpty)
    }
}
