import RingbackCore
import Testing

@Suite("A proxy's URL")
struct EgressProxyTests {
    @Test("is a scheme, a host and a port, with credentials where it needs them")
    func reads() throws {
        let plain = try EgressProxy(validating: "http://Proxy.Example.com:3128/")
        #expect(plain.address == "http://proxy.example.com:3128")
        #expect(plain.credentials == nil)
        let socks = try EgressProxy(validating: "socks5h://ringback:p%40ss%3Aword@[2001:db8::1]:1080")
        #expect(socks.scheme == .socks5h)
        #expect(socks.address == "socks5h://[2001:db8::1]:1080")
        #expect(socks.credentials?.username.reveal() == "ringback")
        #expect(socks.credentials?.password.reveal() == "p@ss:word")
        #expect(!"\(socks)".contains("p@ss"))
    }

    @Test(
        "that cannot be used is refused in words that hold nothing of it",
        arguments: [
            ("proxy.example.com:3128", InvalidProxy.scheme), ("https://proxy.example.com:3128", .scheme), ("socks5://a:1080", .scheme),
            ("http://proxy.example.com", .noPort), ("http://LEAK@proxy.example.com:3128/path", .path), ("http://a:1?LEAK", .path),
            ("http://:LEAK@a:1", .credentials), ("http://LEAK%zz@a:1", .credentials), ("http://LEAK%0A@a:1", .credentials),
            ("http://LEAK%3A:p@a:1", .credentials), ("http://\(String(repeating: "L", count: 256)):p@a:1", .credentials),
            ("http://LEAK:p@:1", .host(.emptyHost)),
        ])
    func refuses(text: String, expected: InvalidProxy) {
        let error = #expect(throws: InvalidProxy.self) { try EgressProxy(validating: text) }
        #expect(error == expected)
        #expect(error?.description.contains("LEAK") == false)
    }

    @Test("has credentials in it or beside it, not both")
    func credentials() throws {
        let beside = EgressProxy.Credentials(username: Secret("ringback"), password: Secret(""))
        #expect(try EgressProxy(validating: "http://a:1", credentials: beside).credentials == beside)
        #expect(throws: InvalidProxy.twoCredentials) { try EgressProxy(validating: "http://x:y@a:1", credentials: beside) }
    }

    @Test("counts for endpoints that name no other way")
    func rules() throws {
        let standard = try EgressProxy(validating: "http://a:1")
        let other = try EgressProxy(validating: "http://b:1")
        #expect(ProxyRule.standard.proxy(standard: standard) == standard)
        #expect(ProxyRule.standard.proxy(standard: nil) == nil)
        #expect(ProxyRule.direct.proxy(standard: standard) == nil)
        #expect(ProxyRule.by(other).proxy(standard: standard) == other)
    }
}
