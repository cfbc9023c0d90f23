import RingbackCore
import Testing

@Suite("An IP address")
struct IPAddressTests {
    @Test(
        "is written in its canonical form (RFC 5952)",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:0:0:0:0:0:0:0", "1::"),
            ("0:0:0:0:0:0:0:1", "::1"), ("::ffff:7f00:1", "::ffff:127.0.0.1"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("0001:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ])
    func canonical(_ text: String, written: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == written)
        #expect(IPAddress(written) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(
        "is nothing that different programs read differently",
        arguments: [
            "", "1", "127.1", "127.0.0.01", "0177.0.0.1", "0x7f.0.0.1", "256.0.0.1", "1.2.3.4.5", "1.2.3.4.", " 1.2.3.4", "+1.2.3.4", ":",
            ":::",
            "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "::g", "::1%lo", "[::1]", "::1.2.3",
            "1.2.3.4::",
            "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::-1", "::+1", "１.2.3.4",
        ])
    func refused(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("has 4 or 16 bytes")
    func bytes() {
        for count in 0...20 {
            #expect((IPAddress(bytes: [UInt8](repeating: 1, count: count)) != nil) == (count == 4 || count == 16))
        }
    }

    @Test("in the IPv4-mapped form is the IPv4 address it carries, and in no other form")
    func unmapped() {
        #expect(IPAddress("::ffff:10.0.0.1")?.unmapped == IPAddress("10.0.0.1"))
        for text in ["::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1", "10.0.0.1", "1::ffff:10.0.0.1"] {
            #expect(IPAddress(text)?.unmapped == IPAddress(text))
        }
    }
}
