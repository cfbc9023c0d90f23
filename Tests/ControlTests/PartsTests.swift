import RingbackCore
import Testing

@testable import Control

@Suite("Parts of the API")
struct PartsTests {
    @Test(
        "a suggestion is the nearest known word, or none",
        arguments: [
            ("respons_id", "response_id"), ("RESPONSE_ID", "response_id"), ("upstraem", "upstream"), ("meta", "metadata"), ("zebra", nil),
            ("", nil),
            ("x", nil),
        ] as [(String, String?)]
    )
    func suggests(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["response_id", "upstream", "metadata"]) == expected)
    }

    @Test(
        "a distance counts letters that are missing, too many, wrong or swapped",
        arguments: [
            ("", "", 0), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1), ("abc", "ab", 1),
            ("kitten", "sitting", 3),
        ]
    )
    func measures(_ left: String, _ right: String, _ distance: Int) {
        #expect(EditDistance.between(Array(left.utf8), Array(right.utf8)) == distance)
        #expect(EditDistance.between(Array(right.utf8), Array(left.utf8)) == distance)
    }

    @Test(
        "percent-encoding is read as RFC 3986 writes it, and nothing else",
        arguments: [
            ("a%2Fb", "a/b"), ("%F0%9F%8D%8B", "🍋"), ("a+b", "a+b"), ("100%", nil), ("%4", nil), ("%zz", nil), ("%ff", nil), ("", ""),
        ] as [(String, String?)]
    )
    func decodes(_ text: String, _ expected: String?) {
        #expect(PercentEncoding.decode(text) == expected)
        if let expected { #expect(PercentEncoding.decode(PercentEncoding.encode(expected)) == expected) }
    }

    @Test("what is encoded can stand anywhere in a URL")
    func encodes() {
        #expect(PercentEncoding.encode("a b&c=d/é~-._") == "a%20b%26c%3Dd%2F%C3%A9~-._")
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == "a b")
    }

    @Test("API objects come back as they were written, and members that are null are there")
    func roundTrips() throws {
        let attempt = AttemptObject(.sample(.failed))
        let delivery = DeliveryObject(
            Delivery(
                id: DeliveryID(trusted: "dlv_1"), event: EventID(trusted: "evt_1"), eventType: .responseFailed, endpoint: .app, watch: nil,
                response: nil, status: .dead, attempts: 1, attemptsInAll: 3, nextAttemptAt: nil, deadReason: .exhausted,
                createdAt: Timestamp(milliseconds: 1), deliveredAt: nil, updatedAt: Timestamp(milliseconds: 2)
            ),
            attempts: [.sample(.failed)]
        )
        let endpoint = EndpointObject(.app, now: Timestamp(milliseconds: 0))
        #expect(try APICoding.decode(AttemptObject.self, from: APICoding.encode(attempt)) == attempt)
        #expect(try APICoding.decode(EndpointObject.self, from: APICoding.encode(endpoint)) == endpoint)
        let bytes = try APICoding.encode(delivery)
        #expect(try APICoding.decode(DeliveryObject.self, from: bytes) == delivery)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#""watch":null"#) && text.contains(#""attempts":3"#))
    }

    @Test(
        "JSON of others comes back as the same values",
        arguments: [#"{"a":[1,-2,2.5,true,false,null,"x"],"camelCase_key":{}}"#, "[]", "9007199254740993", #""é""#]
    )
    func carriesJSON(_ text: String) throws {
        let value = try #require(OpaqueJSON(bytes: Array(text.utf8)))
        #expect(String(decoding: try APICoding.encode(value), as: UTF8.self) == text)
    }

    @Test("what is not JSON reads as nothing")
    func carriesNoRubbish() {
        #expect(OpaqueJSON(bytes: Array("{".utf8)) == nil)
    }

    @Test("a problem may leave out its errors, and knows its kind")
    func problems() throws {
        for kind in ProblemKind.allCases {
            let problem = Problem(kind, "x")
            let back = try APICoding.decode(Problem.self, from: APICoding.encode(problem))
            #expect(back.kind == kind)
            #expect(back.errors == nil)
            #expect((400...599).contains(back.status))
        }
    }
}
