import Testing

@testable import Cryptography

@Suite("AES-256-GCM")
struct AESGCMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: String
        let nonce: String
        var text = ""
        var associatedData = ""
        var ciphertext = ""
        let tag: String

        var box: AESGCM.Box { AESGCM.Box(nonce: bytes(nonce), ciphertext: bytes(ciphertext), tag: bytes(tag)) }
        var cipher: AESGCM { AESGCM(key: bytes(key)) }
    }

    private static let zeros = String(repeating: "0", count: 64)
    private static let feffe9 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"

    /// McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: the AES-256 cases with nonces of 96 bits. The submission
    /// behind SP 800-38D; and cases of NIST's CAVP, gcmDecrypt256.rsp, with other lengths of text and associated data.
    static let genuine = [
        Vector(testDescription: "case 13", key: zeros, nonce: "000000000000000000000000", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            testDescription: "case 14", key: zeros, nonce: "000000000000000000000000", text: "00000000000000000000000000000000",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            testDescription: "case 15", key: feffe9, nonce: "cafebabefacedbaddecaf888",
            text: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
            ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            testDescription: "case 16", key: feffe9, nonce: "cafebabefacedbaddecaf888",
            text: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
        Vector(
            testDescription: "CAVP, no text, 128 bits of associated data",
            key: "6dfdafd6703c285c01f14fd10a6012862b2af950d4733abb403b2e745b26945d", nonce: "3749d0b3d5bacb71be06ade6",
            associatedData: "c0d249871992e70302ae008193d1e89f", tag: "4aa4cc69f84ee6ac16d9bfb4e05de500"),
        Vector(
            testDescription: "CAVP, 408 bits of text, 160 of associated data",
            key: "6450d4501b1e6cfbe172c4c8570363e96b496591b842661c28c2f6c908379cad", nonce: "7e4262035e0bf3d60e91668a",
            text: "17449e236ef5858f6d891412495ead4607bfae2a2d735182a2a0242f9d52fc5345ef912dbe16f3bb4576fe3bcafe336dee6085",
            associatedData: "f1c522f026e4c5d43851da516a1b78768ab18171",
            ciphertext: "5a99b336fd3cfd82f10fb08f7045012415f0d9a06bb92dcf59c6f0dbe62d433671aacb8a1c52ce7bbf6aea372bf51e2ba79406",
            tag: "fe93b01636f7bb0458041f213e98de65"),
    ]

    /// NIST's CAVP, gcmDecrypt256.rsp: cases marked FAIL.
    static let forged = [
        Vector(
            testDescription: "no text", key: "e5a8123f2e2e007d4e379ba114a2fb66e6613f57c72d4e4f024964053028a831",
            nonce: "51e43385bf533e168427e1ad", tag: "38fe845c66e66bdd884c2aecafd280e6"),
        Vector(
            testDescription: "associated data alone", key: "2c392a5eb1a9c705371beda3a901c7c61dca4d93b4291de1dd0dd15ec11ffc45",
            nonce: "0723fb84a08f4ea09841f32a", associatedData: "140be561b6171eab942c486a94d33d43", tag: "aa0e1c9b57975bfc91aa137231977d2c"),
        Vector(
            testDescription: "text alone", key: "c997768e2d14e3d38259667a6649079de77beb4543589771e5068e6cd7cd0b14",
            nonce: "835090aed9552dbdd45277e2", ciphertext: "9f6607d68e22ccf21928db0986be126e", tag: "f32617f67c574fd9f44ef76ff880ab9f"),
        Vector(
            testDescription: "both", key: "9a0343f850a6427120f764789ffec6d237447b898fbf51d2182f065d3861497d",
            nonce: "3deef6f453dd70d92143adcd", associatedData: "dbb8226a624520863db6897017b2a4f8",
            ciphertext: "e93165935ac18e3a2845d15fe31a9286", tag: "f5fc50d18766bc3d9e16dd136d45816b"),
        Vector(
            testDescription: "both, not whole blocks", key: "e9d381a9c413bee66175d5586a189836e5c20f5583535ab4d3f3e612dc21700e",
            nonce: "23e81571da1c7821c681c7ca", associatedData: "6f39c9ae7b8e8a58a95f0dd8ea6a9087cbccdfd6",
            ciphertext: "a25f3f580306cd5065d22a6b7e9660110af7204bb77d370f7f34bee547feeff7b32a596fce29c9040e68b1589aad48da881990",
            tag: "5b6dcd70eefb0892fab1539298b92a4b"),
    ]

    @Test("seals as the published vectors say", arguments: genuine)
    func seals(_ vector: Vector) {
        let box = vector.cipher.seal(bytes(vector.text), associatedData: bytes(vector.associatedData), nonce: bytes(vector.nonce))
        #expect(box == vector.box)
    }

    @Test("opens what the published vectors sealed, again and again", arguments: genuine)
    func opens(_ vector: Vector) {
        let cipher = vector.cipher
        for _ in 1...2 {
            #expect(cipher.open(vector.box, associatedData: bytes(vector.associatedData)) == bytes(vector.text))
        }
    }

    @Test("refuses NIST's forgeries", arguments: forged)
    func refuses(_ vector: Vector) {
        #expect(vector.cipher.open(vector.box, associatedData: bytes(vector.associatedData)) == nil)
    }

    @Test("refuses a box with any single bit turned over, in the nonce, the text, the tag, the associated data or the key")
    func everyBit() {
        let key = SecureRandom.bytes(AESGCM.keyBytes)
        let cipher = AESGCM(key: key)
        let about = Array("watches.callback".utf8)
        let box = cipher.seal(Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8), associatedData: about)
        for nonce in flipped(box.nonce) {
            #expect(cipher.open(AESGCM.Box(nonce: nonce, ciphertext: box.ciphertext, tag: box.tag), associatedData: about) == nil)
        }
        for text in flipped(box.ciphertext) {
            #expect(cipher.open(AESGCM.Box(nonce: box.nonce, ciphertext: text, tag: box.tag), associatedData: about) == nil)
        }
        for tag in flipped(box.tag) {
            #expect(cipher.open(AESGCM.Box(nonce: box.nonce, ciphertext: box.ciphertext, tag: tag), associatedData: about) == nil)
        }
        for other in flipped(about) { #expect(cipher.open(box, associatedData: other) == nil) }
        for other in flipped(key) { #expect(AESGCM(key: other).open(box, associatedData: about) == nil) }
        #expect(cipher.open(box, associatedData: about) != nil)
    }

    @Test("refuses parts that were cut or are too long")
    func lengths() {
        let cipher = AESGCM(key: SecureRandom.bytes(AESGCM.keyBytes))
        let box = cipher.seal([1, 2, 3], associatedData: [])
        for box in [
            AESGCM.Box(nonce: [], ciphertext: box.ciphertext, tag: box.tag),
            AESGCM.Box(nonce: box.nonce + [0], ciphertext: box.ciphertext, tag: box.tag),
            AESGCM.Box(nonce: box.nonce, ciphertext: box.ciphertext.dropLast(), tag: box.tag),
            AESGCM.Box(nonce: box.nonce, ciphertext: [], tag: box.tag),
            AESGCM.Box(nonce: box.nonce, ciphertext: box.ciphertext, tag: []),
            AESGCM.Box(nonce: box.nonce, ciphertext: box.ciphertext, tag: Array(box.tag.prefix(12))),
            AESGCM.Box(nonce: box.nonce, ciphertext: box.ciphertext, tag: box.tag + [0]),
        ] {
            #expect(cipher.open(box, associatedData: []) == nil)
        }
    }

    @Test("never seals twice under the same nonce")
    func nonces() {
        let cipher = AESGCM(key: SecureRandom.bytes(AESGCM.keyBytes))
        #expect(Set((1...1000).map { _ in cipher.seal([1], associatedData: []).nonce }).count == 1000)
    }

    @Test("serves many threads at once")
    func threads() async {
        let cipher = AESGCM(key: SecureRandom.bytes(AESGCM.keyBytes))
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    (0..<500).allSatisfy { round in
                        let text = [UInt8](repeating: UInt8(number), count: round)
                        return cipher.open(cipher.seal(text, associatedData: [UInt8(number)]), associatedData: [UInt8(number)]) == text
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}

/// The bytes that hexadecimal digits stand for.
private func bytes(_ digits: String) -> [UInt8] {
    stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(digits.dropFirst($0).prefix(2), radix: 16) }
}

/// `bytes` with one bit turned over, for every bit.
private func flipped(_ bytes: [UInt8]) -> [[UInt8]] {
    (0..<bytes.count * 8).map { bit in
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        return changed
    }
}
