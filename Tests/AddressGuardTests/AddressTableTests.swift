import AddressGuard
import RingbackCore
import Testing

@Suite("The guard's verdict on an address")
struct AddressTableTests {
    private static let rows = GuardTables.addresses?.addresses ?? []
    private let plain = CallbackGuard()

    @Test("has a table of verdicts")
    func tableIsThere() {
        #expect(Self.rows.count >= 130)
        #expect(Set(Self.rows.map(\.recommended)) == ["allow", "deny", "policy"])
    }

    @Test("is the table's", arguments: rows.filter { $0.recommended != "policy" })
    func verdict(_ row: GuardTables.Address) throws {
        let address = try #require(IPAddress(row.ip))
        #expect(try isAllowed(address) == (row.recommended == "allow"))
    }

    @Test("on a NAT64 address is that on the IPv4 address it leads to", arguments: rows.filter { $0.recommended == "policy" })
    func policy(_ row: GuardTables.Address) throws {
        let address = try #require(IPAddress(row.ip))
        #expect(try isAllowed(address) == isAllowed(address.embedded(at: 12)))
        #expect(try isAllowed(address))
    }

    @Test("is the same for an IPv4 address and for its IPv4-mapped form", arguments: rows.filter { !$0.ip.contains(":") })
    func mapped(_ row: GuardTables.Address) throws {
        let address = try #require(IPAddress(row.ip))
        let mapped = try #require(IPAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + address.bytes))
        #expect(try isAllowed(mapped) == isAllowed(address))
    }

    @Test(
        "is a refusal for every spelling of IPv4 within IPv6 that could lead to a forbidden host",
        arguments: rows.filter { !$0.ip.contains(":") && $0.recommended == "deny" })
    func embedded(_ row: GuardTables.Address) throws {
        let inner = try #require(IPAddress(row.ip)).bytes
        let zeros = [UInt8](repeating: 0, count: 16)
        let forms: [[UInt8]] = [
            zeros.prefix(12) + inner,  // IPv4-compatible
            zeros.prefix(8) + [0xFF, 0xFF, 0, 0] + inner,  // SIIT
            [0, 0x64, 0xFF, 0x9B] + zeros.prefix(8) + inner,  // NAT64
            [0x20, 0x02] + inner + zeros.prefix(10),  // 6to4
            [0x26, 0x06, 0x47, 0] + zeros.prefix(4) + [0, 0, 0x5E, 0xFE] + inner,  // ISATAP
            [0x26, 0x06, 0x47, 0] + zeros.prefix(4) + [2, 0, 0x5E, 0xFE] + inner,
        ]
        for form in forms {
            let address = try #require(IPAddress(bytes: form))
            #expect(try !isAllowed(address), "\(address)")
        }
    }

    @Test("on a cloud's metadata address is a refusal", arguments: GuardTables.addresses?.metadata_hosts.map(\.host) ?? [])
    func metadata(_ host: String) throws {
        let written = host.contains(":") ? "[\(host)]" : host
        let refusal = try #require(throws: GuardRefusal.self) { try plain.judge("http://\(written)/") }
        #expect(["metadata", "metadata_name"].contains(refusal.label), "\(refusal.label)")
    }

    @Test("is a refusal of the name when one of its addresses is refused, and never when all are public")
    func answerSets() throws {
        let url = try HTTPURL(validating: "https://hooks.example.com/")
        for set in GuardTables.addresses?.dns_answer_sets ?? [] {
            guard let texts = set.answers else { continue }
            let addresses = texts.compactMap { IPAddress($0) }
            #expect(addresses.count == texts.count)
            let isAllowed = plain.judge(addresses, of: url) == nil
            #expect(isAllowed == addresses.allSatisfy { plain.verdict(on: $0, of: url).isAllowed }, "\(set.name)")
            #expect(isAllowed == addresses.isEmpty, "\(set.name)")
            #expect((plain.judge(addresses.reversed(), of: url) == nil) == isAllowed, "\(set.name)")
        }
        #expect(plain.judge(["1.1.1.1", "2606:4700:4700::1111"].compactMap { IPAddress($0) }, of: url) == nil)
    }

    private func isAllowed(_ address: IPAddress) throws -> Bool {
        plain.verdict(on: address, of: try HTTPURL(validating: "https://hooks.example.com/")).isAllowed
    }
}
