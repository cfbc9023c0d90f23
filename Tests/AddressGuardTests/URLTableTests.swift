import AddressGuard
import RingbackCore
import Testing

@Suite("The guard's verdict on a URL")
struct URLTableTests {
    /// What the table expects of a URL, grouped by what this guard answers to it.
    private static func rows(_ expectations: String...) -> [GuardTables.URLCase] {
        GuardTables.urls.filter { expectations.contains($0.expect) }
    }

    private let plain = CallbackGuard()

    @Test("has a table of verdicts, each of which a test here asks for")
    func tableIsThere() {
        let asked: Set = [
            "deny", "invalid_url", "deny_or_invalid", "reject_scheme", "invalid_or_port_policy", "judge_normalised_host",
            "judge_same_host_that_is_connected", "reject_or_judge_normalised", "deny_after_resolution", "allow",
        ]
        #expect(Set(GuardTables.urls.map(\.expect)) == asked)
        #expect(GuardTables.urls.count >= 130)
    }

    @Test("is a refusal where the table says so", arguments: rows("deny", "deny_or_invalid"))
    func denied(_ row: GuardTables.URLCase) {
        #expect(throws: GuardRefusal.self) { try plain.judge(row.url) }
    }

    @Test(
        "is a refusal for the form alone, which no exception opens",
        arguments: rows("invalid_url", "reject_scheme", "invalid_or_port_policy", "reject_or_judge_normalised")
            .filter { $0.url.lowercased() != "http://127.0.0.1/" })
    func malformed(_ row: GuardTables.URLCase) throws {
        let open = CallbackGuard(exceptions: try ["0.0.0.0/0", "::/0", "127.0.0.1/32"].map { try AllowedNetwork(validating: $0) })
        let refusal = try #require(throws: GuardRefusal.self) { try open.judge(row.url) }
        #expect(refusal.label == "url")
    }

    @Test(
        "is a refusal for a spelling behind which another host hides",
        arguments: rows("judge_normalised_host", "judge_same_host_that_is_connected", "reject_or_judge_normalised"))
    func ambiguous(_ row: GuardTables.URLCase) {
        #expect(throws: GuardRefusal.self) { try plain.judge(row.url) }
    }

    @Test("awaits the addresses of a name, and is a refusal when they are forbidden", arguments: rows("deny_after_resolution"))
    func resolved(_ row: GuardTables.URLCase) throws {
        let url = try plain.judge(row.url)
        let loopback = try #require(IPAddress("127.0.0.1"))
        let refusal = try #require(plain.judge([loopback], of: url))
        #expect(refusal.label == "loopback")
        #expect(refusal.detail.contains("127.0.0.1"))
        #expect(!refusal.reason.contains("127.0.0.1"), "what a name resolves to is the operator's to know")
    }

    @Test("lets the control group out, to public addresses", arguments: rows("allow"))
    func allowed(_ row: GuardTables.URLCase) throws {
        let url = try plain.judge(row.url)
        #expect(plain.judge([url.address ?? IPAddress("93.184.216.34")].compactMap { $0 }, of: url) == nil)
        #expect(row.whatwg?.hostname.map { $0.trimmingBrackets == url.host } ?? true, "\(url.host)")
        #expect(url.text.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test("is a refusal for a name with a dot at its end")
    func finalDot() {
        for text in ["https://example.com./hook", "https://example.com.:443/", "https://example.com.?q=1"] {
            #expect(throws: GuardRefusal.self) { try plain.judge(text) }
        }
        #expect(throws: Never.self) { try plain.judge("https://example.com/a.?b=c.") }
    }

    @Test("says what to write instead, and never repeats a query or userinfo", arguments: GuardTables.urls)
    func words(_ row: GuardTables.URLCase) {
        do {
            _ = try plain.judge(row.url)
        } catch {
            #expect(!error.reason.isEmpty && !error.detail.isEmpty && !error.label.isEmpty)
            #expect(!error.reason.contains("user:pass"))
        }
        let secret = "http://127.0.0.1/?token=LEAK"
        let refusal = #expect(throws: GuardRefusal.self) { try plain.judge(secret) }
        #expect(refusal?.reason.contains("LEAK") == false)
        #expect(refusal?.detail.contains("LEAK") == false)
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
