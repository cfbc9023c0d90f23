import Cryptography
import Testing

@Suite("SHA-256 and HMAC-SHA-256")
struct HashTests {
    @Test(
        "give the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func digests(message: String, digest: String) {
        #expect(Hex.encode(SHA256.digest(of: Array(message.utf8))) == digest)
    }

    struct Vector: Sendable {
        let key: [UInt8]
        let data: [UInt8]
        let code: String
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7; case 5 is truncated there.
    static let vectors = [
        Vector(
            key: [UInt8](repeating: 0x0b, count: 20), data: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 20), data: [UInt8](repeating: 0xdd, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: Array(1...25), data: [UInt8](repeating: 0xcd, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131), data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: [UInt8](repeating: 0xaa, count: 131),
            data: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
                    + "before being used by the HMAC algorithm.").utf8),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ]

    @Test("give the codes of RFC 4231, again and again under one key", arguments: vectors)
    func codes(vector: Vector) {
        let hmac = HMACSHA256(key: vector.key)
        #expect(Hex.encode(hmac.authenticationCode(for: vector.data)) == vector.code)
        #expect(Hex.encode(hmac.authenticationCode(for: vector.data)) == vector.code)
    }

    @Test("do not care how the message is cut into parts", arguments: vectors)
    func parts(vector: Vector) {
        let hmac = HMACSHA256(key: vector.key)
        for cut in 0...vector.data.count {
            let code = hmac.authenticationCode(for: Array(vector.data[..<cut]), [], Array(vector.data[cut...]))
            #expect(Hex.encode(code) == vector.code)
        }
    }

    @Test("one key can be used by many tasks at once")
    func concurrentUse() async {
        let hmac = HMACSHA256(key: Self.vectors[1].key)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    (0..<500).allSatisfy { _ in Hex.encode(hmac.authenticationCode(for: Self.vectors[1].data)) == Self.vectors[1].code }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
