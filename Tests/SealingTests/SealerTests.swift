import Sealing
import Testing

@Suite("A sealer")
struct SealerTests {
    private let key = SealingKey.random()
    private let text = Array(#"{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#.utf8)
    private let place = SealedPlace(table: "watches", column: "callback", row: "watch_1")

    @Test("opens what it sealed, whatever its length")
    func roundTrip() throws {
        let sealer = Sealer(key: key)
        for text in [[], [0], text, [UInt8](repeating: 7, count: 100_000)] {
            #expect(try sealer.open(sealer.seal(text, at: place), at: place) == text)
        }
    }

    @Test("lets nothing of a text be seen, and seals no two texts alike")
    func secrecy() {
        let sealer = Sealer(key: key)
        let sealed = sealer.seal(text, at: place)
        #expect(!contains(sealed, Array("whsec_".utf8)))
        #expect(sealed != sealer.seal(text, at: place))
        #expect(sealed.count == text.count + 33)
        #expect(Array(sealed.prefix(5)) == [1] + key.id.bytes)
        #expect(sealer.currentHeader == Array(sealed.prefix(5)))
    }

    @Test(
        "refuses a value that comes from another place",
        arguments: [
            SealedPlace(table: "watches", column: "callback", row: "watch_2"),
            SealedPlace(table: "watches", column: "headers", row: "watch_1"),
            SealedPlace(table: "endpoints", column: "callback", row: "watch_1"),
            SealedPlace(table: "watche", column: "scallback", row: "watch_1"),
            SealedPlace(table: "watches", column: "callback8:watch_1", row: ""),
        ])
    func places(_ other: SealedPlace) {
        let sealer = Sealer(key: key)
        let error = #expect(throws: SealingError.self) { try sealer.open(sealer.seal(text, at: place), at: other) }
        #expect(error == .damaged(other))
    }

    @Test("refuses a value with any single bit turned over")
    func everyBit() {
        let sealer = Sealer(key: key)
        let sealed = sealer.seal(text, at: place)
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SealingError.self) { try sealer.open(changed, at: place) }
        }
    }

    @Test("refuses a value that is cut anywhere, and text in the clear")
    func cut() {
        let sealer = Sealer(key: key)
        let sealed = sealer.seal(text, at: place)
        for length in 0..<sealed.count {
            #expect(throws: SealingError.self) { try sealer.open(Array(sealed.prefix(length)), at: place) }
        }
        let error = #expect(throws: SealingError.self) { try sealer.open(text, at: place) }
        #expect(error == .notSealed(place))
    }

    @Test("opens what a previous key sealed, and names the key that it lacks")
    func previousKeys() throws {
        let old = SealingKey.random()
        let sealed = Sealer(key: old).seal(text, at: place)
        #expect(try Sealer(key: key, previous: [SealingKey.random(), old]).open(sealed, at: place) == text)
        let error = #expect(throws: SealingError.self) { try Sealer(key: key).open(sealed, at: place) }
        #expect(error == .unknownKey(old.id))
        #expect(error?.description.contains(old.id.description) == true)
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }
}

@Suite("A sealing key")
struct SealingKeyTests {
    private let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @Test("is read as openssl prints it, and always has the same id")
    func reading() throws {
        let key = try SealingKey(validating: text)
        #expect(key == (try SealingKey(validating: text)))
        #expect(key.reveal() == text)
        // An id that changed would make every store's key look like a wrong one.
        #expect(key.id.description == "f4a8b741")
        #expect(SealingKey.random() != SealingKey.random())
    }

    @Test("opens what earlier versions sealed with it")
    func stability() throws {
        let sealer = Sealer(key: try SealingKey(validating: text))
        let place = SealedPlace(table: "watches", column: "headers", row: "watch_1")
        #expect(try sealer.open(bytes(Self.sealedOnce), at: place) == Array("a secret".utf8))
    }

    /// Made once, by another implementation (Python's hmac and cryptography), and kept: what is derived from a key, and the form of a sealed
    /// value, must never change unnoticed.
    private static let sealedOnce = "01f4a8b741000102030405060708090a0b28da63c969355ddf58417077137ead7b60d8db6d385e8d80"

    @Test(
        "is refused with how to make one, and without what was written",
        arguments: [
            "", "hunter2", "correct horse battery staple", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: SealingKey.Invalid.self) { try SealingKey(validating: text) }
        #expect(error?.description.contains("openssl rand -base64 32") == true)
        if !text.isEmpty { #expect(error?.description.contains(text) == false) }
    }

    @Test("never prints itself")
    func secrecy() throws {
        let key = try SealingKey(validating: text)
        var dumped = ""
        dump(key, to: &dumped)
        for shown in ["\(key)", String(reflecting: key), dumped, "\(SealingKeys(master: key, besideStore: "x"))"] {
            #expect(!shown.contains(text) && !shown.contains("AAEC") && !shown.contains("0, 1, 2"), "\(shown)")
        }
    }

    private func bytes(_ digits: String) -> [UInt8] {
        stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(digits.dropFirst($0).prefix(2), radix: 16) }
    }
}
