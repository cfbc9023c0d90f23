import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

/// How vendors differ, as far as Ringback has to cope with it: each claim for every vendor.
@Suite("Every dialect of the sandbox", .timeLimit(.minutes(5)))
struct DialectTests {
    @Test("stands in the table")
    func complete() {
        #expect(DialectRow.all.map(\.vendor).sorted() == Dialect.all.map(\.name).sorted())
        #expect(Dialect.all.allSatisfy { (20...120).contains($0.summary.count) })
    }

    @Test("answers a create with its own status, kind of id and first word", arguments: DialectRow.all)
    func create(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            let answer = try await sandbox.post("/responses", SandboxUnderTest.body(["duration": "10s"]))
            #expect(answer.status == row.created)
            let id = try #require(try answer.json()["id"]?.string)
            #expect(try id.wholeMatch(of: Regex(row.id)) != nil, "the id is \(id)")
            #expect(try answer.json()["status"]?.string == row.firstStatus)
        }
    }

    @Test("begins a stream in its own way, and numbers from 0", arguments: DialectRow.all)
    func opening(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s"])
            guard !row.opening.isEmpty else {
                #expect(try await [200, 202, 400].contains(stream.status()))
                #expect(stream.head?["content-type"] == "application/json")
                return
            }
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(1))
            let events = try await beginning + stream.events(row.opening.count - 1)
            #expect(try events.map { try $0.type() } == row.opening.map { "response.\($0)" })
            #expect(try events.map { try $0.number() } == Array(0..<Int64(events.count)))
            await stream.close()
        }
    }

    @Test("has its own answer to a stream of what was not created streaming", arguments: DialectRow.all)
    func polledStream(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            var stream = sandbox.stream(try await sandbox.create(["duration": "10s"]))
            switch row.polled {
            case .events:
                #expect(try await stream.events(1).first?.type() == "response.queued")
                await stream.close()
            case .json:
                #expect(try await stream.status() == 200)
                #expect(stream.head?["content-type"] == "application/json")
                #expect(try await JSON(parsing: Array(stream.body().utf8))["status"]?.string == row.firstStatus)
            case .nothing:
                #expect(try await stream.status() == 200)
                #expect(stream.head?["content-type"] == "text/event-stream")
                #expect(await stream.body().isEmpty)
                #expect(stream.error != nil, "the connection is cut")
            case .refused(let status):
                #expect(try await stream.status() == status)
                #expect(await stream.body().contains("stream=true"))
            }
        }
    }

    @Test("cancels in its own way: running, again, late, and in the foreground", arguments: DialectRow.all)
    func cancel(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            let running = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(1))
            var statuses = [try await sandbox.post("/responses/\(running)/cancel").status]
            // Where a cancel is only a request it has its effect by then.
            sandbox.time.advance(by: .seconds(2))
            statuses.append(try await sandbox.post("/responses/\(running)/cancel").status)
            let finished = try await sandbox.create(["duration": "1s"])
            sandbox.time.advance(by: .seconds(10))
            statuses.append(try await sandbox.post("/responses/\(finished)/cancel").status)
            async let foreground = sandbox.post("/responses", SandboxUnderTest.body(["duration": "1s"], background: false))
            await sandbox.time.waitForSleeper()
            sandbox.time.advance(by: .seconds(1))
            let synchronous = try #require(try await foreground.json()["id"]?.string)
            statuses.append(try await sandbox.post("/responses/\(synchronous)/cancel").status)
            #expect(statuses == row.cancel)
            #expect(try await sandbox.response(running)["status"]?.string == row.cancelled ?? "completed")
        }
    }

    @Test("does not know a stranger's id, and says so in its own shape", arguments: DialectRow.all)
    func unknown(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            let id = try await sandbox.create()
            let stranger = id.dropLast(9) + "000000000"
            let answer = try await sandbox.get("/responses/\(row.vendor == "litellm-native" ? "resp_nobody" : String(stranger))")
            let nonsense = try await sandbox.get("/responses/nonsense")
            #expect([answer.status, nonsense.status] == row.unknown)
            let body = try answer.json()
            let keys = (body.members ?? []).map(\.key) + (body["error"]?.members ?? []).map(\.key)
            #expect(keys == row.error)
            if row.vendor == "vllm" || row.vendor == "sglang" { #expect(body["error"]?["code"] == 404) }
        }
    }

    @Test("forgets what is deleted, or cannot delete", arguments: DialectRow.all)
    func delete(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            let id = try await sandbox.create()
            #expect(try await sandbox.delete("/responses/\(id)").status == row.delete)
            let status = try await sandbox.get("/responses/\(id)").status
            #expect((status == 200) == (row.delete != 200))
        }
    }

    @Test("ends a response in each of its outcomes", arguments: DialectRow.all)
    func outcomes(_ row: DialectRow) async throws {
        try await lend(row) { sandbox in
            for outcome in TerminalStatus.allCases {
                let id = try await sandbox.create(["duration": "1s", "outcome": outcome.rawValue])
                sandbox.time.advance(by: .seconds(1))
                let expected = row.vendor == "perplexity" && outcome == .incomplete ? .completed : outcome
                #expect(try await sandbox.response(id)["status"]?.string == expected.rawValue)
            }
        }
    }

    @Test("can ask for an api-version on every call", arguments: DialectRow.all.prefix(3))
    func apiVersion(_ row: DialectRow) async throws {
        var dialect = try #require(Dialect.named(row.vendor))
        dialect.requiresAPIVersion = true
        try await SandboxUnderTest.lend(dialect: dialect) { sandbox in
            #expect(try await sandbox.post("/responses", SandboxUnderTest.body([:])).status == 404)
            let created = try await sandbox.post("/responses?api-version=preview", SandboxUnderTest.body([:]))
            let id = try #require(try created.json()["id"]?.string)
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
            #expect(try await sandbox.get("/responses/\(id)?api-version=preview").status == 200)
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 404)
        }
    }

    private func lend(_ row: DialectRow, _ body: @escaping @Sendable (SandboxUnderTest) async throws -> Void) async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named(row.vendor)), body)
    }
}
