import AddressGuard
import RingbackCore
import Testing

@Suite("An exception to the guard")
struct ExceptionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let exception: String
        let url: String
        let address: String
        let isAllowed: Bool

        init(_ exception: String, _ url: String, _ address: String, _ isAllowed: Bool) {
            self.exception = exception
            self.url = url
            self.address = address
            self.isAllowed = isAllowed
        }

        var testDescription: String { "\(exception) and \(url) at \(address)" }
    }

    static let cases = [
        Case("10.0.0.0/8", "http://a.example/", "10.9.8.7", true),
        Case("10.0.0.0/8", "http://a.example/", "11.0.0.0", true),
        Case("10.0.0.0/8", "http://a.example/", "192.168.0.1", false),
        Case("10.0.0.0/8", "http://a.example/", "::ffff:10.0.0.1", true),
        // Translators and tunnels lead elsewhere than the address they carry.
        Case("10.0.0.0/8", "http://a.example/", "64:ff9b::a00:1", false),
        Case("10.0.0.0/8", "http://a.example/", "2002:a00:1::1", false),
        Case("10.1.0.0/16", "http://a.example/", "10.1.255.255", true),
        Case("10.1.0.0/16", "http://a.example/", "10.2.0.0", false),
        Case("10.0.0.0/9", "http://a.example/", "10.127.255.255", true),
        Case("10.0.0.0/9", "http://a.example/", "10.128.0.0", false),
        Case("10.0.0.0/8:8080", "http://a.example:8080/", "10.0.0.1", true),
        Case("10.0.0.0/8:8080", "http://a.example/", "10.0.0.1", false),
        Case("10.0.0.0/8:443", "https://a.example/", "10.0.0.1", true),
        Case("[fd00::/8]:8080", "http://a.example:8080/", "fd00::1", true),
        Case("[fd00::/8]:8080", "http://a.example:8081/", "fd00::1", false),
        Case("fd00::/8", "http://a.example/", "fd12:3456::1", true),
        Case("fd00::/8", "http://a.example/", "fc00::1", false),
        Case("hooks.internal:8080", "http://hooks.internal:8080/", "10.0.0.1", true),
        Case("Hooks.Internal:8080", "http://HOOKS.internal:8080/", "10.0.0.1", true),
        Case("hooks.internal:8080", "http://hooks.internal/", "10.0.0.1", false),
        Case("hooks.internal:8080", "http://other.internal:8080/", "10.0.0.1", false),
        Case("hooks.internal:8080", "http://a.hooks.internal:8080/", "10.0.0.1", false),
        Case("0.0.0.0/0", "http://a.example/", "127.0.0.1", true),
        Case("0.0.0.0/0", "http://a.example/", "::1", false),
        // A metadata address has to be named itself.
        Case("0.0.0.0/0", "http://a.example/", "169.254.169.254", false),
        Case("169.254.0.0/16", "http://a.example/", "169.254.1.1", true),
        Case("169.254.0.0/16", "http://a.example/", "169.254.169.254", false),
        Case("100.64.0.0/10", "http://a.example/", "100.100.100.200", false),
        Case("hooks.internal:80", "http://hooks.internal/", "169.254.169.254", false),
        Case("169.254.169.254/32", "http://a.example/", "169.254.169.254", true),
        Case("fd00::/8", "http://a.example/", "fd00:ec2::254", false),
        Case("fd00:ec2::254/128", "http://a.example/", "fd00:ec2::254", true),
    ]

    @Test("opens what it names and nothing else", arguments: cases)
    func exceptions(_ example: Case) throws {
        let callbackGuard = CallbackGuard(exceptions: [try AllowedNetwork(validating: example.exception)])
        let url = try HTTPURL(validating: example.url)
        let address = try #require(IPAddress(example.address))
        #expect((callbackGuard.judge([address], of: url) == nil) == example.isAllowed)
    }

    @Test("opens an address that a URL has as its host")
    func literals() throws {
        let callbackGuard = CallbackGuard(exceptions: [try AllowedNetwork(validating: "127.0.0.0/8:8080")])
        #expect(throws: Never.self) { try callbackGuard.judge("http://127.0.0.1:8080/") }
        #expect(throws: Never.self) { try callbackGuard.judge("http://[::ffff:127.0.0.1]:8080/") }
        #expect(throws: GuardRefusal.self) { try callbackGuard.judge("http://127.0.0.1/") }
        #expect(throws: GuardRefusal.self) { try callbackGuard.judge("http://[::1]:8080/") }
    }

    @Test("opens `localhost` when it covers both addresses, or names it")
    func localhost() throws {
        func isOpen(_ exceptions: String..., url: String = "http://localhost:9000/") throws -> Bool {
            let callbackGuard = CallbackGuard(exceptions: try exceptions.map { try AllowedNetwork(validating: $0) })
            return callbackGuard.judge(try HTTPURL(validating: url)) == nil
        }
        #expect(try !isOpen())
        #expect(try !isOpen("127.0.0.0/8"))
        #expect(try !isOpen("::1/128"))
        #expect(try isOpen("127.0.0.0/8", "::1/128"))
        #expect(try isOpen("localhost:9000"))
        #expect(try !isOpen("localhost:9001"))
        #expect(try !isOpen("localhost:9000", url: "http://sub.localhost:9000/"))
        #expect(try isOpen("metadata:80", url: "http://metadata/"))
    }

    @Test("does not open plain http when only https may go out")
    func httpsOnly() throws {
        let callbackGuard = CallbackGuard(exceptions: [try AllowedNetwork(validating: "127.0.0.0/8")], httpsOnly: true)
        let refusal = #expect(throws: GuardRefusal.self) { try callbackGuard.judge("http://127.0.0.1/") }
        #expect(refusal?.label == "https_only")
        #expect(throws: Never.self) { try callbackGuard.judge("https://127.0.0.1/") }
    }

    @Test("makes another class of traffic, which shares no connection with the strict one")
    func trafficClass() throws {
        let strict = CallbackGuard()
        let open = CallbackGuard(exceptions: [try AllowedNetwork(validating: "127.0.0.0/8")])
        let classes = [strict, open, CallbackGuard(httpsOnly: true)].map(\.trafficClass)
        #expect(Set(classes).count == 3)
        #expect(CallbackGuard().trafficClass == strict.trafficClass)
    }
}
