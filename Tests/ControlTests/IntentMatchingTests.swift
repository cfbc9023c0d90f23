import RingbackCore
import Testing

@testable import Control

@Suite("Matching left-over creates with listed responses")
struct IntentMatchingTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private static func facts(_ json: String = #"{"model":"gpt-5","metadata":{"team":"a"},"temperature":1}"#) throws -> CreateFacts {
        try CreateFacts(json: Array(json.utf8))
    }

    private static func leftOver(_ id: String, at seconds: Double = 0, noticed: Double = 100, _ facts: CreateFacts)
        -> IntentMatching.LeftOver
    {
        let intent = CreateIntent(
            id: IntentID(trusted: id), upstream: .main, createdAt: start + .seconds(seconds), isStreaming: false, facts: facts,
            endpoints: [],
            callback: nil, headers: [], repetition: nil
        )
        return IntentMatching.LeftOver(intent: intent, noticedAt: start + .seconds(noticed))
    }

    private static func listed(_ id: String, at seconds: Double, _ facts: CreateFacts) -> ListedResponse {
        ListedResponse(id: ResponseID(trusted: id), createdAt: start + .seconds(seconds), facts: facts)
    }

    private static func matches(
        _ leftOver: [IntentMatching.LeftOver], _ listed: [ListedResponse], underWay: [CreateIntent] = [], clockAhead: Duration? = .zero
    ) -> [String: String] {
        let found = IntentMatching(clockAhead: clockAhead).matches(leftOver: leftOver, underWay: underWay, unwatched: listed)
        return Dictionary(uniqueKeysWithValues: found.map { ($0.key.rawValue, $0.value.id.rawValue) })
    }

    @Test("a response made after the create, with its model and metadata, is its own")
    func finds() throws {
        let facts = try Self.facts()
        #expect(Self.matches([Self.leftOver("a", facts)], [Self.listed("r", at: 1, facts)]) == ["a": "r"])
    }

    @Test(
        "a response that cannot be the create's is left alone",
        arguments: [
            #"{"model":"gpt-4","metadata":{"team":"a"}}"#, #"{"model":"gpt-5","metadata":{"team":"b"}}"#, #"{"model":"gpt-5"}"#,
            #"{"model":"gpt-5","metadata":{"team":"a","x":"y"}}"#, #"{"model":"gpt-5","metadata":{"team":"a"},"temperature":0.5}"#,
            #"{"model":"gpt-50","metadata":{"team":"a"}}"#,
        ])
    func others(_ response: String) throws {
        let found = Self.matches([Self.leftOver("a", try Self.facts())], [Self.listed("r", at: 1, try Self.facts(response))])
        #expect(found.isEmpty)
    }

    @Test(
        "what a vendor leaves out, writes otherwise or adds contradicts nothing",
        arguments: [
            #"{"model":"gpt-5-2025-08-07","metadata":{"team":"a"},"temperature":1.0,"top_p":0.9}"#, #"{"metadata":{"team":"\u0061"}}"#,
            #"{"model":null,"metadata":{"team":"a"},"temperature":null,"store":true}"#,
        ])
    func lenient(_ response: String) throws {
        let found = Self.matches([Self.leftOver("a", try Self.facts())], [Self.listed("r", at: 1, try Self.facts(response))])
        #expect(found == ["a": "r"])
    }

    @Test("a response made before the create, or after its loss was noticed, is not its own", arguments: [-2.5, 102.5])
    func window(_ seconds: Double) throws {
        let facts = try Self.facts()
        #expect(Self.matches([Self.leftOver("a", facts)], [Self.listed("r", at: seconds, facts)]).isEmpty)
    }

    @Test("the upstream's clock is allowed for when it is known, and a minute when it is not")
    func clocks() throws {
        let facts = try Self.facts()
        let response = Self.listed("r", at: -3600, facts)
        #expect(Self.matches([Self.leftOver("a", facts)], [response]).isEmpty)
        #expect(Self.matches([Self.leftOver("a", facts)], [response], clockAhead: .seconds(-3601)) == ["a": "r"])
        #expect(Self.matches([Self.leftOver("a", facts)], [Self.listed("r", at: -50, facts)], clockAhead: nil) == ["a": "r"])
    }

    @Test("two equal creates get the responses nearest to them, one each")
    func twins() throws {
        let facts = try Self.facts()
        let twins = [Self.leftOver("a", at: 0, facts), Self.leftOver("b", at: 10, facts)]
        let responses = [Self.listed("late", at: 11, facts), Self.listed("early", at: 1, facts)]
        #expect(Self.matches(twins, responses) == ["a": "early", "b": "late"])
        #expect(Self.matches(twins, [responses[0]]) == ["b": "late"])
        #expect(Self.matches(twins, [responses[1]]) == ["a": "early"])
        #expect(Set(Self.matches(twins, [Self.listed("x", at: 10, facts), Self.listed("y", at: 10, facts)]).values) == ["x", "y"])
    }

    @Test("nothing is matched while an equal create is under way, since the response may be that one's")
    func underWay() throws {
        let facts = try Self.facts()
        let response = Self.listed("r", at: 1, facts)
        let equal = Self.leftOver("under-way", facts).intent
        #expect(Self.matches([Self.leftOver("a", facts)], [response], underWay: [equal]).isEmpty)
        let other = Self.leftOver("under-way", try Self.facts(#"{"model":"gpt-4"}"#)).intent
        #expect(Self.matches([Self.leftOver("a", facts)], [response], underWay: [other]) == ["a": "r"])
    }
}

@Suite("The fate of a create without an answer")
struct IntentFateTests {
    @Test(
        "it is asked about for a while, less and less often, and then given up for the reason there is",
        arguments: [
            (IntentFate.Answer.listedWithoutIt, Duration.seconds(600), IntentFate.Reason.notListed),
            (.noList, .seconds(120), .noList), (.none, .seconds(3600), .unreachable),
        ])
    func patience(_ answer: IntentFate.Answer, _ limit: Duration, _ reason: IntentFate.Reason) {
        let fate = { IntentFate(answer, asked: $0, since: $1, maximumAge: .seconds(3600)) }
        #expect(fate(1, .zero) == .askAgain(after: .seconds(1)))
        #expect(fate(3, limit - .seconds(1)) == .askAgain(after: .seconds(4)))
        #expect(fate(1000, limit - .seconds(1)) == .askAgain(after: .seconds(60)))
        #expect(fate(3, limit) == .giveUp(reason))
    }
}

@Suite("A page of an upstream's list")
struct ResponseListPageTests {
    @Test("is read whatever form its times have, without what cannot be told apart")
    func reads() throws {
        let page = try #require(
            ResponseListPage(
                json: Array(
                    """
                    {"object":"list","has_more":true,"last_id":"resp_5","data":[{"id":"resp_1","created_at":1790000000},
                    {"id":"resp_2","created_at":1790000000.25,"model":"m"},{"id":"resp_3","created":"2026-09-21T13:33:20.500Z"},
                    {"id":"resp_4"},{"created_at":1},{"id":"a b","created_at":1},7]}
                    """.utf8)))
        #expect(page.responses.map(\.id.rawValue) == ["resp_1", "resp_2", "resp_3"])
        #expect(page.responses.map(\.createdAt.milliseconds) == [1_790_000_000_000, 1_790_000_000_250, 1_789_997_600_500])
        #expect(page.responses[1].facts.model == "m")
        #expect(page.next == "resp_5")
    }

    @Test("ends where the list ends, and names the last response where the vendor does not")
    func pages() throws {
        #expect(try #require(ResponseListPage(json: Array(#"{"data":[{"id":"r","created_at":1}],"has_more":false}"#.utf8))).next == nil)
        #expect(try #require(ResponseListPage(json: Array(#"{"data":[{"id":"r","created_at":1}],"has_more":true}"#.utf8))).next == "r")
    }

    @Test("is nothing else", arguments: ["", "<html>", "[]", "{}", #"{"data":{}}"#, #"{"data":null}"#])
    func isNoPage(_ text: String) {
        #expect(ResponseListPage(json: Array(text.utf8)) == nil)
    }
}
