import Curl
import Foundation
import SocketTesting
import Testing
import Transport

@Suite("The curl transport", .timeLimit(.minutes(5)))
struct CurlTransportTests {
    /// Echoes bodies, and heads for a GET.
    static let echo = TestServer.Behaviour.serve { connection in
        while let request = connection.readRequest() {
            let body = request.head.hasPrefix("POST") ? request.body : Array(request.head.utf8)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            connection.send(body)
        }
    }

    @Test("carries bodies of every size both ways", arguments: [0, 1, 1_000, 65_536, 65_537, 5 * 1024 * 1024])
    func echo(size: Int) async throws {
        let server = try TestServer(Self.echo)
        defer { server.stop() }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withTransport { transport in
            let answer = try await transport.perform(TransferRequest(method: .post, url: server.url, body: body))
            #expect(answer.head.status == 200)
            #expect(answer.body == body)
            #expect(answer.summary.httpVersion == "1.1")
            #expect(answer.summary.address == "127.0.0.1")
            #expect(!answer.summary.reusedConnection)
            #expect(answer.summary.connect != nil)
            #expect(answer.summary.tls == nil)
        }
    }

    @Test("sends the caller's headers as they are, and none of libcurl's habits")
    func requestHeaders() async throws {
        let server = try TestServer(Self.echo)
        defer { server.stop() }
        try await withTransport { transport in
            let request = TransferRequest(
                method: .get,
                url: server.url + "/path?key=value",
                headers: [
                    ("X-One", "first"), ("X-One", "second"), ("X-Empty", ""), ("X-Blank", " "), ("Content-Length", "7"),
                    ("Accept", "text/plain"),
                ]
            )
            let answer = try await transport.perform(request)
            let lines = String(decoding: answer.body, as: UTF8.self).components(separatedBy: "\r\n")
            #expect(lines.first == "GET /path?key=value HTTP/1.1")
            #expect(lines.contains("X-One: first"))
            #expect(lines.contains("X-One: second"))
            #expect(lines.contains("X-Empty:"))
            #expect(lines.contains("X-Blank:"))
            #expect(lines.contains("Accept: text/plain"))
            for unwanted in ["Content-Length", "User-Agent", "Accept-Encoding", "Expect", "Content-Type"] {
                #expect(!lines.contains { $0.hasPrefix(unwanted) }, "\(unwanted)")
            }
        }
    }

    @Test("calls a body neither a form nor something to be asked about first")
    func bodyHeaders() async throws {
        let server = try TestServer(
            .serve { connection in
                guard let request = connection.readRequest() else { return }
                connection.send(answer(request.head))
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let request = TransferRequest(method: .post, url: server.url, body: [UInt8](repeating: 1, count: 2_000_000))
            let head = String(decoding: try await transport.perform(request).body, as: UTF8.self).lowercased()
            #expect(head.contains("content-length: 2000000"))
            #expect(!head.contains("content-type"))
            #expect(!head.contains("expect"))
        }
    }

    @Test("sends a DELETE, a POST without a body and a GET by their names", arguments: [TransferRequest.Method.delete, .post, .get])
    func methods(method: TransferRequest.Method) async throws {
        let server = try TestServer(.serve { if let request = $0.readRequest() { $0.send(answer(request.head)) } })
        defer { server.stop() }
        try await withTransport { transport in
            let body = try await transport.perform(TransferRequest(method: method, url: server.url)).body
            #expect(String(decoding: body, as: UTF8.self).hasPrefix("\(method.rawValue) / HTTP/1.1"))
        }
    }

    @Test("reports the final head only, with names in lower case and values trimmed")
    func finalHead() async throws {
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
                connection.send("HTTP/1.1 404 Not Found\r\nX-Mixed-CASE:  a b \r\nX-Mixed-Case: c\r\nContent-Length: 0\r\n\r\n")
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let end = await transport.observe(TransferRequest(method: .get, url: server.url)).end()
            #expect(end.error == nil)
            #expect(end.head?.status == 404)
            #expect(end.head?.headers.map(\.name) == ["x-mixed-case", "x-mixed-case", "content-length"])
            #expect(end.head?["x-mixed-case"] == "a b")
        }
    }

    @Test("decodes chunks and leaves trailers out")
    func chunked() async throws {
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Trailer: late\r\n\r\n")
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let end = await transport.observe(TransferRequest(method: .get, url: server.url)).end()
            #expect(end.error == nil)
            #expect(String(decoding: end.body, as: UTF8.self) == "hello, world")
            #expect(end.head?["x-trailer"] == nil)
        }
    }

    @Test("hands over a piece of the body as soon as it is there")
    func streaming() async throws {
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
                _ = connection.waitForClose()
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let stream = transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream()))
            #expect(await stream.head()?["content-type"] == "text/event-stream")
            #expect(await stream.body() == Array("data: 1\n\n".utf8))
            transport.cancel(stream.id)
            #expect(await stream.error() == .cancelled)
        }
    }

    @Test("uses a connection again")
    func keepAlive() async throws {
        let server = try TestServer(Self.echo)
        defer { server.stop() }
        try await withTransport { transport in
            for round in 0..<5 {
                let request = TransferRequest(method: .post, url: server.url, body: Array("round \(round)".utf8), version: .http1)
                let answer = try await transport.perform(request)
                #expect(answer.body == Array("round \(round)".utf8))
                #expect(answer.summary.reusedConnection == (round > 0))
                #expect((answer.summary.connect == nil) == (round > 0))
            }
            #expect(server.accepted == 1)
        }
    }

    @Test("gives a stream over plain HTTP a connection of its own: looking for one costs a walk past those of all other streams")
    func streamConnection() async throws {
        let server = try TestServer(Self.echo)
        defer { server.stop() }
        try await withTransport { transport in
            _ = try await transport.perform(TransferRequest(method: .get, url: server.url, version: .http1))
            let stream = try await transport.perform(TransferRequest(method: .get, url: server.url, limits: .stream()))
            #expect(!stream.summary.reusedConnection)
            let next = try await transport.perform(TransferRequest(method: .get, url: server.url, version: .http1))
            #expect(next.summary.reusedConnection, "for all others a kept connection is as good as ever")
        }
    }

    @Test("does not let one request's headers, body or method leak into the next")
    func handleReuse() async throws {
        let server = try TestServer(
            .serve {
                while let request = $0.readRequest() { $0.send(answer(request.head + "|" + String(decoding: request.body, as: UTF8.self))) }
            })
        defer { server.stop() }
        try await withTransport { transport in
            _ = try await transport.perform(
                TransferRequest(method: .delete, url: server.url + "/first", headers: [("X-Secret", "1")], body: Array("one".utf8))
            )
            let body = try await transport.perform(TransferRequest(method: .get, url: server.url + "/second")).body
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.hasPrefix("GET /second "))
            #expect(!text.contains("X-Secret"))
            #expect(!text.contains("Content-Length"))
            #expect(text.hasSuffix("|"))
        }
    }

    @Test("follows no redirect")
    func redirect() async throws {
        let server = try TestServer(
            .serve { while $0.readRequest() != nil { $0.send(answer("", status: "302 Found", headers: "Location: /elsewhere\r\n")) } }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let answer = try await transport.perform(TransferRequest(method: .get, url: server.url))
            #expect(answer.head.status == 302)
            #expect(answer.head["location"] == "/elsewhere")
        }
    }

    @Test("cuts a body where its reader has enough")
    func keeping() async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer(String(repeating: "x", count: 100_000))) } })
        defer { server.stop() }
        try await withTransport { transport in
            let answer = try await transport.perform(TransferRequest(method: .get, url: server.url), keeping: 10)
            #expect(answer.isCut)
            #expect(answer.body.count == 10)
        }
    }

    @Test("carries many requests to many hosts at once", arguments: [1, 4])
    func manyHosts(shards: Int) async throws {
        let servers = try (0..<8).map { _ in try TestServer(Self.echo) }
        defer { for server in servers { server.stop() } }
        try await withTransport(CurlTransportOptions(name: "test", shards: shards)) { transport in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let body = Array("body \(number)".utf8)
                        let request = TransferRequest(method: .post, url: servers[number % 8].url, body: body, version: .http1)
                        return try await transport.perform(request).body == body
                    }
                }
                for try await isEqual in group { #expect(isEqual) }
            }
        }
    }
}
