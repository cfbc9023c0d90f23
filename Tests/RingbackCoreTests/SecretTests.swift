import RingbackCore
import Testing

@Suite("Values that hold URLs")
struct RedactedDescriptionTests {
    @Test("show no query, however deep they are in what is printed")
    func queries() {
        struct Holder {
            let values: [Any]
        }
        let webhook = WebhookTarget(url: "https://app.example.com/hooks?token=LEAK", secrets: [])
        let holder = Holder(values: [
            Upstream(name: UpstreamName(trusted: "u"), baseURL: "https://api.example.com/v1?key=LEAK"), webhook,
            Endpoint(name: EndpointName(trusted: "e"), origin: .api, target: .webhook(webhook)),
            Callback(url: "https://app.example.com/done?token=LEAK", secret: nil),
        ])
        for text in ["\(holder)", String(reflecting: holder), "\(Optional(webhook) as Any)"] {
            #expect(!text.contains("LEAK"))
            #expect(text.contains("app.example.com/hooks"))
        }
    }
}

@Suite("A secret")
struct SecretTests {
    private let secret = Secret("whsec_hunter2")

    /// Everything Swift offers to turn a value into text.
    private func texts(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var printed = ""
        print(value, to: &printed)
        return ["\(value)", String(describing: value), String(reflecting: value), dumped, printed]
    }

    @Test("is never printed, alone or within something else")
    func printing() {
        let header = HeaderField("Authorization", secret)
        let upstream = Upstream(name: UpstreamName(trusted: "u"), baseURL: "https://h", apiKey: secret, headers: [header])
        let webhook = WebhookTarget(url: "https://h", secrets: [SigningSecret(secret)], headers: [header])
        let endpoint = Endpoint(name: EndpointName(trusted: "e"), origin: .api, target: .webhook(webhook))
        let values: [Any] = [
            secret, Optional(secret) as Any, [secret], ["key": secret], header, upstream, webhook, endpoint,
            Callback(url: "https://h", secret: secret), Result<Secret, Never>.success(secret),
        ]
        for value in values {
            for text in texts(value) { #expect(!text.contains("hunter2") && !text.contains("whsec")) }
        }
        #expect("\(secret)" == "<redacted>")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("is told where it is asked for")
    func revealing() {
        #expect(secret.reveal() == "whsec_hunter2")
        #expect(secret == Secret("whsec_hunter2"))
        #expect(secret != Secret("other"))
        #expect(!secret.isEmpty)
        #expect(Secret("").isEmpty)
    }
}
