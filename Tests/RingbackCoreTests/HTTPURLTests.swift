import RingbackCore
import Testing

@Suite("An HTTP URL")
struct HTTPURLTests {
    struct Parts: Sendable, CustomTestStringConvertible {
        let text: String
        let scheme: HTTPURL.Scheme
        let host: String
        let port: Int?
        let path: String
        let query: String?
        let redacted: String

        var testDescription: String { text }
    }

    static let valid = [
        Parts(
            text: "https://example.com/hook", scheme: .https, host: "example.com", port: nil, path: "/hook", query: nil,
            redacted: "https://example.com/hook"),
        Parts(
            text: "https://example.com:8443/hook?x=1&token=s%2Ft?/", scheme: .https, host: "example.com", port: 8443, path: "/hook",
            query: "x=1&token=s%2Ft?/", redacted: "https://example.com:8443/hook"),
        Parts(
            text: "HTTP://Example.COM", scheme: .http, host: "example.com", port: nil, path: "", query: nil, redacted: "http://example.com"),
        Parts(text: "http://h?q", scheme: .http, host: "h", port: nil, path: "", query: "q", redacted: "http://h"),
        Parts(text: "http://h/?", scheme: .http, host: "h", port: nil, path: "/", query: "", redacted: "http://h/"),
        Parts(
            text: "https://93.184.216.34/", scheme: .https, host: "93.184.216.34", port: nil, path: "/", query: nil,
            redacted: "https://93.184.216.34/"),
        Parts(
            text: "https://[2606:4700:4700::1111]:443/x", scheme: .https, host: "2606:4700:4700::1111", port: 443, path: "/x", query: nil,
            redacted: "https://[2606:4700:4700::1111]:443/x"),
        Parts(
            text: "http://[::FFFF:192.0.2.1]", scheme: .http, host: "::ffff:192.0.2.1", port: nil, path: "", query: nil,
            redacted: "http://[::ffff:192.0.2.1]"),
        Parts(
            text: "http://[1:2:3:4:5:6:7:8]/", scheme: .http, host: "1:2:3:4:5:6:7:8", port: nil, path: "/", query: nil,
            redacted: "http://[1:2:3:4:5:6:7:8]/"),
        Parts(text: "http://[::]/", scheme: .http, host: "::", port: nil, path: "/", query: nil, redacted: "http://[::]/"),
        Parts(
            text: "https://xn--bcher-kva.example/", scheme: .https, host: "xn--bcher-kva.example", port: nil, path: "/", query: nil,
            redacted: "https://xn--bcher-kva.example/"),
        Parts(
            text: "http://my_app.svc.cluster.local.:80/a;b/c,d/@x:y/~z/(1)*!$&'+=", scheme: .http, host: "my_app.svc.cluster.local",
            port: 80,
            path: "/a;b/c,d/@x:y/~z/(1)*!$&'+=", query: nil, redacted: "http://my_app.svc.cluster.local:80/a;b/c,d/@x:y/~z/(1)*!$&'+="),
        Parts(
            text: "https://127.0.0.1.example.com/", scheme: .https, host: "127.0.0.1.example.com", port: nil, path: "/", query: nil,
            redacted: "https://127.0.0.1.example.com/"),
        Parts(
            text: "https://10.example.com//a//b", scheme: .https, host: "10.example.com", port: nil, path: "//a//b", query: nil,
            redacted: "https://10.example.com//a//b"),
    ]

    @Test("is taken apart as RFC 3986 says", arguments: valid)
    func parts(_ parts: Parts) throws {
        let url = try HTTPURL(validating: parts.text)
        #expect(url.text == parts.text)
        #expect(url.scheme == parts.scheme)
        #expect(url.host == parts.host)
        #expect(url.port == parts.port)
        #expect(url.path == parts.path)
        #expect(url.query == parts.query)
        #expect(url.redacted == parts.redacted)
        #expect(url.effectivePort == parts.port ?? (parts.scheme == .https ? 443 : 80))
    }

    @Test(
        "with letters beyond ASCII in its host is the one that DNS knows",
        arguments: [
            ("https://Bücher.Example/hook", "xn--bcher-kva.example"), ("http://пример.испытание/", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("http://a.例え.テスト/", "a.xn--r8jz45g.xn--zckzah"), ("http://münchen-ost.example/", "xn--mnchen-ost-9db.example"),
        ])
    func internationalNames(_ text: String, host: String) throws {
        let url = try HTTPURL(validating: text + "?x=1")
        #expect(url.host == host)
        #expect(url.text == "\(url.scheme.rawValue)://\(host)\(url.path)?x=1")
        #expect(try HTTPURL(validating: url.text) == url)
    }

    static let refused: [(String, InvalidURL)] = [
        ("", .empty),
        ("example.com/hook", .missingScheme),
        ("//127.0.0.1/", .missingScheme),
        ("/hook", .missingScheme),
        ("localhost:8080/hook", .missingScheme),
        ("app.example.com:443", .missingScheme),
        ("127.0.0.1:8080", .missingScheme),
        ("://example.com", .missingScheme),
        ("htps://example.com", .misspelledScheme(meant: "https://")),
        ("httsp://example.com", .misspelledScheme(meant: "https://")),
        ("htttp://example.com", .misspelledScheme(meant: "http://")),
        ("hhtp://example.com", .misspelledScheme(meant: "http://")),
        ("ttps://example.com", .misspelledScheme(meant: "https://")),
        ("http:/127.0.0.1/", .misspelledScheme(meant: "http://")),
        ("http:example.com/", .misspelledScheme(meant: "http://")),
        ("http:///127.0.0.1/", .misspelledScheme(meant: "http://")),
        ("https:///", .misspelledScheme(meant: "https://")),
        ("https//example.com", .misspelledScheme(meant: "https://")),
        ("https;//example.com", .misspelledScheme(meant: "https://")),
        ("file:///etc/passwd", .unsupportedScheme("file")),
        ("gopher://127.0.0.1:6379/_INFO", .unsupportedScheme("gopher")),
        ("ftp://127.0.0.1/", .unsupportedScheme("ftp")),
        ("jar:http://127.0.0.1!/", .unsupportedScheme("jar")),
        ("javascript:alert(1)", .unsupportedScheme("javascript")),
        ("ws://127.0.0.1/", .unsupportedScheme("ws")),
        ("unix:/var/run/docker.sock", .unsupportedScheme("unix")),
        ("mailto:a@b.c", .unsupportedScheme("mailto")),
        ("http://user:pa55@example.com/", .userInfo),
        ("http://@[::1]:9876/", .userInfo),
        ("http://foo@127.0.0.1:11211@example.com/", .userInfo),
        ("http://127.0.0.1%23@example.com/", .userInfo),
        ("https://example.com/#top", .fragment),
        ("http://example.com#@127.0.0.1/", .fragment),
        ("https://example.com?a#b", .fragment),
        ("http://example.com\\@127.0.0.1/", .forbiddenCharacter("a backslash", instead: "/")),
        ("http://1.1.1.1 &@2.2.2.2# @3.3.3.3/", .forbiddenCharacter("a space", instead: "%20")),
        (" https://example.com", .forbiddenCharacter("a space", instead: "%20")),
        ("http://exa\tmple.com/", .forbiddenCharacter("the control character U+0009", instead: nil)),
        ("http://example.com/\r\nX-Injected: 1", .forbiddenCharacter("the control character U+000D", instead: nil)),
        ("http://example.com/\u{0}", .forbiddenCharacter("the control character U+0000", instead: nil)),
        ("http://example.com/\u{7F}", .forbiddenCharacter("the control character U+007F", instead: nil)),
        ("https://example.com/ü", .forbiddenCharacter("the character U+00FC", instead: "%C3%BC")),
        ("https://example.com/?q=🚀", .forbiddenCharacter("the character U+1F680", instead: "%F0%9F%9A%80")),
        ("https://example.com/<x>", .forbiddenCharacter("'<'", instead: "%3C")),
        ("https://example.com/{id}", .forbiddenCharacter("'{'", instead: "%7B")),
        ("https://example.com/?a[]=1", .forbiddenCharacter("'['", instead: "%5B")),
        ("https://example.com/%zz", .invalidPercentEncoding),
        ("https://example.com/%4", .invalidPercentEncoding),
        ("https://example.com/?100%", .invalidPercentEncoding),
        ("https://", .emptyHost),
        ("https://:443/", .emptyHost),
        ("https://?x", .emptyHost),
        ("https://./", .emptyHost),
        ("https://BÜcher.example/hook", .nonASCIIHost),
        ("https://bu\u{308}cher.example/hook", .nonASCIIHost),
        ("https://straße.example/hook", .nonASCIIHost),
        ("https://a\u{200D}b.example/hook", .nonASCIIHost),
        ("https://١٢٣.example/hook", .nonASCIIHost),
        ("http://①②⑦.⓪.⓪.①/", .nonASCIIHost),
        ("http://127。0。0。1/", .nonASCIIHost),
        ("http://ℓocalhost/", .nonASCIIHost),
        ("http://%6c%6f%63%61%6c%68%6f%73%74/", .invalidHost(reason: "'%' cannot stand in it; letters, digits, '-', '_' and '.' can")),
        ("http://127%2e0%2e0%2e1/", .invalidHost(reason: "'%' cannot stand in it; letters, digits, '-', '_' and '.' can")),
        ("http://a..b/", .invalidHost(reason: "two dots follow each other, or it begins with one")),
        ("http://.a/", .invalidHost(reason: "two dots follow each other, or it begins with one")),
        ("http://-a.example/", .invalidHost(reason: "a part of it begins or ends with '-'")),
        ("http://[::1", .invalidIPv6Address),
        ("http://[::g]/", .invalidIPv6Address),
        ("http://[::1%25lo]/", .invalidIPv6Address),
        ("http://[fe80::1%eth0]/", .invalidIPv6Address),
        ("http://[127.0.0.1]/", .invalidIPv6Address),
        ("http://[%3a%3a1]/", .invalidIPv6Address),
        ("http://::1/", .invalidIPv6Address),
        ("http://[]/", .invalidIPv6Address),
        ("http://[:]/", .invalidIPv6Address),
        ("http://[1::2::3]/", .invalidIPv6Address),
        ("http://[:::]/", .invalidIPv6Address),
        ("http://[1:2:3:4:5:6:7]/", .invalidIPv6Address),
        ("http://[1:2:3:4:5:6:7:8:9]/", .invalidIPv6Address),
        ("http://[1:2:3:4:5:6:7::8]/", .invalidIPv6Address),
        ("http://[12345::]/", .invalidIPv6Address),
        ("http://[1.2.3.4::]/", .invalidIPv6Address),
        ("http://[::1.2.3]/", .invalidIPv6Address),
        ("http://[::1]x/", .invalidIPv6Address),
        ("http://[v1.a]/", .invalidIPv6Address),
        ("http://example.com:/", .invalidPort),
        ("http://example.com:0/", .invalidPort),
        ("http://example.com:65536/", .invalidPort),
        ("http://example.com:-1/", .invalidPort),
        ("http://example.com:80a/", .invalidPort),
        ("http://[::1]:/", .invalidPort),
    ]

    @Test("is refused with the reason", arguments: refused)
    func refusal(text: String, reason: InvalidURL) {
        #expect(throws: reason) { try HTTPURL(validating: text) }
    }

    @Test(
        "is refused when its host is a number that resolvers read differently",
        arguments: [
            "2130706433", "3232235521", "0177.0.0.1", "0177.0000.0000.0001", "017700000001", "0x7f000001", "0x7f.0x0.0x0.0x1",
            "0xA9.0xFE.0xA9.0xFE",
            "0x7f.1", "0177.1", "127.0x1", "127.1", "127.0.1", "0", "10.1", "192.168.257", "127.0.0.1.", "2130706433.", "4294967296",
            "256.256.256.256", "1.2.3.4.5", "0x100000000", "425.510.425.510", "o177.0.0.1", "0o177.0.0.1", "a.0x", "1.2.3.04",
        ])
    func oddAddresses(host: String) {
        #expect(throws: InvalidURL.oddIPv4Address) { try HTTPURL(validating: "http://\(host)/") }
    }

    @Test("may have 2,048 bytes and not one more; a host 253 and a label 63 characters")
    func bounds() throws {
        let base = "https://example.com/"
        #expect(throws: Never.self) { try HTTPURL(validating: base + String(repeating: "a", count: 2048 - base.count)) }
        #expect(throws: InvalidURL.tooLong(bytes: 2049)) {
            try HTTPURL(validating: base + String(repeating: "a", count: 2049 - base.count))
        }
        let label = String(repeating: "a", count: 63)
        #expect(throws: Never.self) { try HTTPURL(validating: "https://\(label).\(label).\(label).\(label.dropLast(2))/") }
        #expect(throws: InvalidURL.invalidHost(reason: "it has more than 253 characters")) {
            try HTTPURL(validating: "https://\(label).\(label).\(label).\(label.dropLast())/")
        }
        #expect(throws: InvalidURL.invalidHost(reason: "a part between two dots has more than 63 characters")) {
            try HTTPURL(validating: "https://\(label)a/")
        }
    }

    @Test(
        "says whether its host names this machine",
        arguments: [
            ("http://localhost:1/", true), ("http://LOCALHOST./", true), ("http://a.localhost/", true), ("http://127.255.0.3/", true),
            ("http://[::1]/", true), ("http://[0:0::0:1]/", true), ("http://ip6-localhost/", true),
            ("http://localhost.example.com/", false),
            ("http://127.0.0.1.example.com/", false), ("http://126.0.0.1/", false), ("http://[::2]/", false), ("http://[::]/", false),
            ("http://mylocalhost/", false), ("http://0.0.0.0/", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try HTTPURL(validating: text).isLoopbackName == isLoopback)
    }

    @Test("a refusal never repeats userinfo, path or query", arguments: refused)
    func noSecrets(text: String, reason: InvalidURL) {
        #expect(!reason.description.contains("pa55"))
        #expect(!reason.description.contains("INFO"))
        #expect(!reason.description.contains("docker"))
        #expect(reason.description.count > 30)
    }

    @Test("random rubbish is accepted or refused, never a crash, and what is accepted keeps its text")
    func rubbish() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("http://s:[].%@#?\\ 0x1279afé\u{0}\u{7F}-_")
        for _ in 0..<20_000 {
            let tail = String(
                (0..<Int.random(in: 0...16, using: &generator)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            )
            let text = (Bool.random(using: &generator) ? "http://" : "") + tail
            // Most of these are refused, which is the point; the reason is compared elsewhere.
            guard let url = try? HTTPURL(validating: text) else { continue }
            #expect(text.utf8.contains { $0 >= 0x80 } || url.text == text, "seed \(seed)")
            #expect((try? HTTPURL(validating: url.text)) == url, "seed \(seed)")
            #expect(!url.host.isEmpty, "seed \(seed)")
        }
    }
}
