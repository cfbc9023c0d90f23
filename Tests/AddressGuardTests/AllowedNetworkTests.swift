import AddressGuard
import Testing

@Suite("A network that is exempt from the guard")
struct AllowedNetworkTests {
    @Test(
        "is a CIDR, a CIDR with a port, or a host with a port",
        arguments: [
            "10.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "::1/128", "fd00::/8", "10.0.0.0/8:8080", "[fd00::/8]:8080", "[fd00::/8]",
            "hooks.internal:80",
            "localhost:65535", "1:2:3:4::/64", "hook_receiver:80", "0.0.0.0/0:443",
        ])
    func accepted(_ text: String) throws {
        #expect(try AllowedNetwork(validating: text).description == text)
    }

    @Test(
        "is nothing that would be read differently elsewhere",
        arguments: [
            "10.0.0.0/33", "10.0.0/8", "010.0.0.0/8", "256.0.0.0/8", "fd00::/129", "1::2::3/64", "1:2:3:4:5:6:7:8:9/64", ":::/8",
            "10.0.0.0/-1", "10.0.0.0/8:0",
            "10.0.0.0/8:65536", "hooks.internal", "hooks.internal:", "10.0.0.1", "10.0.0.1:80", "::1", "a b:80", "", "/8", "http://a:80",
            "..:80", "10.1.0.0/8", "1:2:3:4:5:6:7:8/64", "10.0.0.0/08", "10.0.0.0/+8", "[fd00::/8]8080", "::ffff:10.0.0.0/104",
        ])
    func refused(_ text: String) {
        #expect(throws: AllowedNetwork.Invalid.self) { try AllowedNetwork(validating: text) }
    }

    @Test(
        "a mistake is answered with what to write instead",
        arguments: [
            ("10.1.2.3/8", "10.0.0.0/8"), ("10.0.0.1:80", "10.0.0.1/32:80"), ("fd00::1", "fd00::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("hooks.internal", "hooks.internal:8080"),
        ])
    func advice(_ text: String, instead: String) {
        let error = #expect(throws: AllowedNetwork.Invalid.self) { try AllowedNetwork(validating: text) }
        #expect(error?.description.contains("write ") == true)
        #expect(error?.description.contains(instead) == true)
    }
}
