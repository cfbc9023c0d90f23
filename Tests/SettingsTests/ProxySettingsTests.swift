import RingbackCore
import Testing

@testable import Settings

@Suite("The way of callbacks")
struct ProxySettingsTests {
    private static let yaml =
        minimal + """

            security:
              egress_proxy: { url: "http://proxy.example.com:3128", username: ringback, password_file: /run/secrets/proxy, resolve: proxy }
            endpoints:
              - { name: usual, url: "https://a.example" }
              - { name: straight, url: "https://a.example", proxy: none }
              - { name: other, url: "https://a.example", proxy: "socks5h://me:secret@socks.example.com:1080" }
              - { name: named, url: "https://a.example", proxy: { url_file: /run/secrets/url } }
            """
    private static let files = ["/run/secrets/proxy": "LEAK\n", "/run/secrets/url": "http://127.0.0.1:8080\n"]

    @Test("is by one proxy for all, by an endpoint's own, or straight")
    func reads() throws {
        let settings = try load(Self.yaml, files: Self.files)
        let standard = try #require(settings.security.egressProxy)
        #expect(standard.address == "http://proxy.example.com:3128")
        #expect(standard.credentials == .init(username: Secret("ringback"), password: Secret("LEAK")))
        #expect(standard.resolution == .proxy)
        let rules = settings.endpoints.compactMap { endpoint -> ProxyRule? in
            if case .webhook(let target) = endpoint.target { target.proxy } else { nil }
        }
        let other = try EgressProxy(validating: "socks5h://me:secret@socks.example.com:1080")
        #expect(rules == [.standard, .direct, .by(other), .by(try EgressProxy(validating: "http://127.0.0.1:8080"))])
        #expect(try load(minimal).security.egressProxy == nil)
    }

    @Test("is described without its credentials")
    func describes() throws {
        let text = try load(Self.yaml, files: Self.files).describe()
        #expect(!text.contains("LEAK") && !text.contains("secret@") && !text.contains("me:secret"))
        #expect(
            text.contains("egress_proxy:\n    url: http://proxy.example.com:3128\n    username: <redacted>\n    password: <redacted>\n"))
        #expect(text.contains("    proxy: none\n"))
        #expect(text.contains("url: socks5h://socks.example.com:1080\n"))
    }

    @Test(
        "is checked, and no problem shows credentials",
        arguments: [
            ("security: { egress_proxy: \"https://a:LEAK@proxy:1\" }", "security.egress_proxy: a proxy's URL begins with http:// or"),
            ("security: { egress_proxy: \"http://a:LEAK@proxy\" }", "security.egress_proxy: the proxy's URL has no port"),
            ("security: { egress_proxy: { username: LEAK } }", "security.egress_proxy: 'url' is missing"),
            ("security: { egress_proxy: { url: \"http://a:1\", password: LEAK } }", "security.egress_proxy: 'username' is missing"),
            (
                "security: { egress_proxy: { url: \"http://a:LEAK@b:1\", username: x, password: LEAK } }",
                "egress_proxy.url: credentials stand in the proxy's URL and beside it"
            ),
            ("security: { egress_proxy: { url: \"http://a:1\", resolve: there } }", "'there' is none of the choices"),
            ("endpoints: [{ name: a, inbox: ./in, proxy: none }]", "endpoints[0].proxy: 'proxy' is for a url"),
            ("endpoints: [{ name: a, url: \"https://a.example\", proxy: \"LEAK\" }]", "endpoints[0].proxy: a proxy's URL begins"),
        ])
    func problems(yaml: String, expected: String) {
        let printed = complaints(minimal + "\n" + yaml)
        #expect(printed.contains(expected), "\(printed)")
        #expect(!printed.contains("LEAK"), "\(printed)")
    }
}
