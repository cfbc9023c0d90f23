import Presets
import RingbackCore
import Settings
import Testing

@Suite("What is sent for an event")
struct FlowTests {
    private static let ticket = """
        title: A ticket queue
        requests:
          search: { method: GET, url: "https://example.com/", capture: { id: /0/id } }
          create: { url: "https://example.com/", capture: { id: /id } }
          comment: { url: "https://example.com/{{captured.id}}" }
          close: { url: "https://example.com/{{captured.id}}" }
        outcomes:
          completed: { first: create, later: [comment, close] }
          cancelled: nothing
        """

    private func preset(_ yaml: String = FlowTests.ticket) throws -> Preset {
        try Preset.read(yaml, name: "test", file: "test.yaml")
    }

    @Test("is a search, and then what is not there is created")
    func searchThenCreate() throws {
        var flow = PresetFlow(try preset(), outcome: "failed", kept: nil)
        #expect(flow.next() == .send(.search))
        flow.searched(found: nil)
        #expect(flow.next() == .send(.create))
        flow.delivered(.create, captured: ["id": "7"])
        #expect(flow.next() == .done)
        #expect(flow.captured == ["id": "7"])
    }

    @Test("is added to what the search found: a create whose answer was lost is not made twice")
    func found() throws {
        var flow = PresetFlow(try preset(), outcome: "failed", kept: nil)
        #expect(flow.next() == .send(.search))
        flow.searched(found: ["id": "7"])
        #expect(flow.next() == .send(.comment))
        flow.delivered(.comment, captured: [:])
        #expect(flow.next() == .done)
    }

    @Test("is added to what is kept, without a search")
    func kept() throws {
        var flow = PresetFlow(try preset(), outcome: "completed", kept: ["id": "7"])
        #expect(flow.next() == .send(.comment))
        flow.delivered(.comment, captured: [:])
        #expect(flow.next() == .send(.close))
        flow.delivered(.close, captured: [:])
        #expect(flow.next() == .done)
    }

    @Test("goes on where an earlier attempt stopped")
    func halfWay() throws {
        var flow = PresetFlow(try preset(), outcome: "completed", kept: ["id": "7"], done: [.comment])
        #expect(flow.next() == .send(.close))
        var done = PresetFlow(try preset(), outcome: "failed", kept: ["id": "7"], done: [.create])
        #expect(done.next() == .done)
    }

    @Test("is made anew, once, when what is kept is gone")
    func gone() throws {
        var flow = PresetFlow(try preset(), outcome: "failed", kept: ["id": "7"])
        #expect(flow.next() == .send(.comment))
        let isMadeAnew = flow.missing()
        #expect(isMadeAnew)
        #expect(flow.next() == .send(.create))
        #expect(flow.captured.isEmpty)
        let isMadeAgain = flow.missing()
        #expect(!isMadeAgain)
    }

    @Test("is nothing where the preset says so")
    func nothing() throws {
        var flow = PresetFlow(try preset(), outcome: "cancelled", kept: nil)
        #expect(flow.next() == .nothing("nothing is sent for cancelled"))
        let pager = try #require(try Rendering.library()["pagerduty"])
        var completed = PresetFlow(pager, outcome: "completed", kept: nil)
        #expect(completed.next() == .nothing("nothing is sent for completed"))
        var resolved = PresetFlow(pager, outcome: "completed", kept: [:])
        #expect(resolved.next() == .send(.close))
    }

    @Test("has a key that is the same for every attempt, and another for another event", arguments: ["matrix", "google-chat"])
    func keys(name: String) throws {
        let preset = try #require(try Rendering.library()[name])
        let rule = try #require(preset.key)
        let key = rule.key(endpoint: Rendering.endpoint, event: Hostility.event(.failed), kind: .create)
        #expect(key == rule.key(endpoint: Rendering.endpoint, event: Hostility.event(.failed), kind: .create))
        #expect(key != rule.key(endpoint: Rendering.endpoint, event: Hostility.event(.completed), kind: .create))
        #expect(key != rule.key(endpoint: EndpointName(trusted: "other"), event: Hostility.event(.failed), kind: .create))
        #expect(key.count == rule.length)
    }

    @Test("has the key of its response where that is what the system knows it by, in the form it takes")
    func responseKeys() throws {
        let rule = KeyRule(basis: .response, form: .uuid, prefix: "", length: 36)
        let key = rule.key(endpoint: Rendering.endpoint, event: Hostility.event(.failed), kind: .create)
        #expect(key == rule.key(endpoint: Rendering.endpoint, event: Hostility.event(.completed), kind: .close))
        #expect(key.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }
}
