import Cryptography
import Foundation
import Testing

@Suite("Base 64, comparison and randomness")
struct PrimitivesTests {
    @Test(
        "base 64 gives the texts of RFC 4648, section 10, and reads them back, with and without padding",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decode(encoded.filter { $0 != "=" }) == Array(plain.utf8))
    }

    @Test("base 64 is what Foundation makes of random bytes of every length up to 100")
    func base64LikeFoundation() throws {
        for count in 0...100 {
            let bytes = SecureRandom.bytes(count)
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(text) == bytes)
        }
    }

    @Test(
        "base 64 refuses other characters, wrong padding and impossible lengths",
        arguments: [
            "Z", "Zg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v====", "Zm9vZ", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9v\n", " Zm9v", "Zm 9v", "=", "====",
            "Zé==",
        ])
    func badBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("comparison tells equal bytes from bytes that differ in one bit or in length")
    func comparison() {
        let bytes = Array("g0hM9SsE+OTPJTGt".utf8)
        #expect(ConstantTime.equals(bytes, bytes))
        #expect(ConstantTime.equals([], []))
        #expect(!ConstantTime.equals(bytes, bytes + [0]))
        #expect(!ConstantTime.equals(bytes, []))
        for bit in 0..<(bytes.count * 8) {
            var other = bytes
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(!ConstantTime.equals(bytes, other))
        }
    }

    @Test("random bytes have the length asked for and do not repeat")
    func randomness() {
        #expect(SecureRandom.bytes(0).isEmpty)
        let draws = (0..<100).map { _ in SecureRandom.bytes(16) }
        #expect(draws.allSatisfy { $0.count == 16 })
        #expect(Set(draws).count == draws.count)
    }
}
