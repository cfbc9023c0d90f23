import RawJSON
import RingbackTesting
import Sandbox
import Testing

@Suite("A list of the sandbox", .timeLimit(.minutes(5)))
struct ListTests {
    private static let conversation = """
        {"model": "m", "background": true, "input": [
            {"role": "user", "content": "one"}, {"type": "message", "role": "assistant", "content": "two"},
            {"role": "user", "content": [{"type": "input_text", "text": "three"}]}, {"type": "item_reference", "id": "msg_four"}
        ]}
        """

    @Test("shows a request's input as items with ids, the newest first unless asked otherwise")
    func inputItems() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try #require(try await sandbox.post("/responses", Self.conversation).json()["id"]?.string)
            let list = try await sandbox.get("/responses/\(id)/input_items?order=asc").json()
            let items = try #require(list["data"]?.elements)
            #expect(list["object"] == "list")
            #expect(items.map { $0["type"]?.string } == ["message", "message", "message", "item_reference"])
            #expect(items.compactMap { $0["content"]?[0]?["text"]?.string } == ["one", "two", "three"])
            #expect(items.compactMap { $0["content"]?[0]?["type"]?.string } == ["input_text", "output_text", "input_text"])
            #expect(list["first_id"] == items.first?["id"])
            #expect(list["last_id"] == "msg_four")
            #expect(Set(items.compactMap { $0["id"]?.string }).count == 4)
            let newestFirst = try await sandbox.get("/responses/\(id)/input_items").json()
            #expect(newestFirst["data"]?.elements == items.reversed())
        }
    }

    private struct Page: Equatable {
        let ids: [String]
        let hasMore: Bool?
    }

    private func expect(_ page: Page, _ expected: Page, at place: SourceLocation = #_sourceLocation) {
        #expect(page == expected, sourceLocation: place)
    }

    @Test("makes one message of an input that is a text")
    func textInput() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let items = try await sandbox.get("/responses/\(sandbox.create())/input_items").json()["data"]
            #expect(items?[0]?["role"] == "user")
            #expect(items?[0]?["content"] == [["type": "input_text", "text": "hi"]])
            #expect(items?[1] == nil)
        }
    }

    @Test("goes on after the element that after names, and ends before the one that before names")
    func pages() async throws {
        try await SandboxUnderTest.lend { sandbox in
            var ids: [String] = []
            for _ in 0..<5 { ids.append(try await sandbox.create()) }
            func page(_ query: String) async throws -> Page {
                let list = try await sandbox.get("/responses?\(query)").json()
                return Page(ids: list["data"]?.elements?.compactMap { $0["id"]?.string } ?? [], hasMore: list["has_more"]?.bool)
            }
            try await expect(page("limit=2"), Page(ids: [ids[4], ids[3]], hasMore: true))
            try await expect(page("limit=2&after=\(ids[3])"), Page(ids: [ids[2], ids[1]], hasMore: true))
            try await expect(page("limit=2&after=\(ids[1])"), Page(ids: [ids[0]], hasMore: false))
            try await expect(page("order=asc&after=\(ids[0])&before=\(ids[3])"), Page(ids: [ids[1], ids[2]], hasMore: false))
        }
    }

    @Test(
        "refuses a query it does not understand, naming the parameter",
        arguments: [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("order=up", "order"), ("after=resp_x", "after")])
    func badQuery(query: String, parameter: String) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let answer = try await sandbox.get("/responses?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.message().contains("'\(parameter)'"))
        }
    }

    @Test("of responses exists at mka1 only")
    func existence() async throws {
        for dialect in Dialect.all {
            try await SandboxUnderTest.lend(dialect: dialect) { sandbox in
                let status = try await sandbox.get("/responses").status
                #expect(status == (dialect.name == "mka1" ? 200 : 405))
            }
        }
    }
}
