import Foundation
import RingbackCore
import Testing

@Suite("A response id")
struct ResponseIDTests {
    @Test(
        "takes the shapes vendors use",
        arguments: [
            "resp_" + String(repeating: "0af1", count: 12) + "0a", "resp-68af4030592c81938ec0a5fbab4a3e9f",
            "caresp_" + String(repeating: "aB3x9", count: 10),
            "litellm_poll_3b241101-e2bb-4255-8caf-4136c566a962", "resp_3b241101-e2bb-4255-8caf-4136c566a962", "resp_0123456789abcdef",
            "3b241101-e2bb-4255-8caf-4136c566a962", "resp_" + String(repeating: "bGl0ZWxsbTpj-_", count: 32),
            "resp_" + String(repeating: "x", count: 446) + "-_=",
            "x", "0", "a.b:c@d!$&'()*+,;=~[]", "...", String(repeating: "x", count: 512),
        ])
    func accepted(_ text: String) throws {
        #expect(try ResponseID(validating: text).rawValue == text)
    }

    @Test(
        "refuses what has a meaning in a URL, cannot be seen, or is too long",
        arguments: [
            ("", "empty"), (String(repeating: "x", count: 513), "513"), (".", "'.'"), ("..", "'..'"), ("a b", "a space"), ("a/b", "'/'"),
            ("../etc", "'/'"), ("a\\b", "'\\'"),
            ("a?b", "'?'"), ("a#b", "'#'"), ("a%2Fb", "'%'"), ("https://h/resp_1", "'/'"), ("\"a\"", "'\"'"), ("<a>", "'<'"),
            ("a|b", "'|'"), ("a^b", "'^'"), ("{a}", "'{'"),
            ("a`", "'`'"), ("a\nb", "U+A"), ("a\u{0}", "U+0"), ("a\u{7F}", "U+7F"), ("é", "U+E9"), ("resp_🚀", "U+1F680"),
        ])
    func refused(_ text: String, _ why: String) {
        #expect {
            try ResponseID(validating: text)
        } throws: {
            ($0 as? InvalidIdentifier)?.description.contains(why) == true
        }
    }
}

@Suite("A name")
struct NameTests {
    @Test(
        "has lower-case letters, digits, dots, dashes and underscores",
        arguments: ["default", "my-app", "a", "0", "_x", "eu.west-1_b", String(repeating: "a", count: 63)])
    func accepted(_ text: String) throws {
        #expect(try UpstreamName(validating: text).rawValue == text)
        #expect(try EndpointName(validating: text).rawValue == text)
    }

    @Test(
        "has nothing else",
        arguments: ["", "A", "my app", "-a", ".a", "a/b", "é", "a\n", "callback:watch_1", String(repeating: "a", count: 64), "ａ"])
    func refused(_ text: String) {
        #expect(throws: InvalidIdentifier.self) { try UpstreamName(validating: text) }
        #expect(throws: InvalidIdentifier.self) { try EndpointName(validating: text) }
    }

    @Test("of a callback is one that no configured endpoint can have")
    func callback() throws {
        let name = EndpointName(callbackOf: WatchID(trusted: "watch_1"))
        #expect(name.isCallback)
        #expect(throws: InvalidIdentifier.self) { try EndpointName(validating: name.rawValue) }
        #expect(try !EndpointName(validating: "callbacks").isCallback)
    }
}

@Suite("A derived id")
struct DerivedIdentifierTests {
    private let upstream = UpstreamName(trusted: "default")
    private let response = ResponseID(trusted: "resp_1")

    @Test("is the beginning of a SHA-256 over what it is derived from")
    func values() {
        let event = EventID(upstream: upstream, response: response, type: .responseCompleted)
        #expect(WatchID(upstream: upstream, response: response).rawValue == "watch_7d2beeb7bef4147cd03966b6b37c58e4")
        #expect(event.rawValue == "evt_41b78f073b24af5534962dcb325e3ce8")
        #expect(EventID(type: .ringbackTest, occasion: "x").rawValue == "evt_e6c13f040ae6bf1aa3caa5d5943fc306")
        #expect(DeliveryID(event: event, endpoint: EndpointName(trusted: "my-app")).rawValue == "dlv_a0c1409233c6ea3b7ed2a77bf043c3d1")
    }

    @Test("differs with every part, and with where one part ends")
    func distinct() {
        let ids = [
            EventID(upstream: upstream, response: response, type: .responseCompleted),
            EventID(upstream: upstream, response: response, type: .responseCancelled),
            EventID(upstream: upstream, response: ResponseID(trusted: "resp_2"), type: .responseCompleted),
            EventID(upstream: UpstreamName(trusted: "other"), response: response, type: .responseCompleted),
            EventID(upstream: UpstreamName(trusted: "defaultr"), response: ResponseID(trusted: "esp_1"), type: .responseCompleted),
            EventID(upstream: UpstreamName(trusted: "default6:resp_1"), response: ResponseID(trusted: ""), type: .responseCompleted),
        ]
        #expect(Set(ids).count == ids.count)
    }

    @Test("is written and read as a plain string")
    func coding() throws {
        let ids = [WatchID(trusted: "watch_b"), WatchID(trusted: "watch_a")]
        let json = try JSONEncoder().encode(ids)
        #expect(String(decoding: json, as: UTF8.self) == #"["watch_b","watch_a"]"#)
        #expect(try JSONDecoder().decode([WatchID].self, from: json) == ids)
        #expect(ids.sorted().map(\.description) == ["watch_a", "watch_b"])
    }
}
