import RawJSON
import Testing

/// Texts of RFC 8259's grammar, and texts beside it.
enum Samples {
    static let valid: [String] = [
        "null", "true", "false", "0", "-0", "7", "-12", "0.5", "-0.5e10", "1E5", "1e+5", "1e-5", "1e400", "123456789012345678901234567890",
        "9223372036854775807", "-9223372036854775808", #""""#, #""a""#, " \t\r\n1 \t\r\n", #""\"\\\/\b\f\n\r\t""#,
        #""\u0000\uD83D\uDE00\uffff""#,
        #""\ud800""#, #""\ude00\ud83d""#, "\"\u{7F}\u{80}\u{2028}🚀\"", "[]", "[ ]", "[1]", "[1,2]", "[ 1 , [ ] , { } ]", "{}", "{ }",
        #"{"a":1}"#, #"{ "a" : 1 , "b" : [ null ] }"#, #"{"":""}"#, #"{"a":1,"a":2}"#, #"[[[[{"a":[{"b":{}}]}]]]]"#,
        #"{"a":{"b":{"c":[]}}}"#,
    ]

    static let invalid: [String] = [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1_000",
        "1 2",
        "--1", "1a", #"""#, #""a"#, #""\"#, #""\"#, #""\x""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, "\"\n\"", "\"\u{0}\"", "\"\t\"",
        "'a'", "[", "]", "[1",
        "[1,", "[1,]", "[,1]", "[1 2]", "[1;2]", "[1}", "[}", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":1,"#, #"{"a":1,}"#,
        #"{,"a":1}"#, "{a:1}", "{1:1}", #"{"a":1 "b":2}"#, #"{"a":1]"#, #"{"a",1}"#, #"{"a"::1}"#, #"{null:1}"#, "1]", "{}{}", "[][]",
        "{}x", "\u{FEFF}{}",
        "// comment\n1", "[1/*c*/]", "\u{A0}1", "\u{0B}1", "tru\u{0}", "undefined",
    ]
}

@Suite("JSON text, read in place,")
struct JSONTextTests {
    private func check(_ bytes: [UInt8]) throws(JSONError) {
        _ = try JSONText.value(in: bytes.span)
    }

    private func check(_ text: String) throws(JSONError) {
        try check(Array(text.utf8))
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        do {
            try check(bytes)
            return true
        } catch {
            return false
        }
    }

    @Test("takes what RFC 8259 takes", arguments: Samples.valid)
    func valid(_ text: String) {
        #expect(throws: Never.self) { try check(text) }
    }

    @Test("refuses what RFC 8259 refuses", arguments: Samples.invalid)
    func invalid(_ text: String) {
        #expect(throws: JSONError.self) { try check(text) }
    }

    @Test("refuses every beginning of an object that lacks its end")
    func truncated() throws {
        let text = #"{"id":"resp_1","n":[-1.5e3,true,false,null,{"x":"\u00e9\n"}],"é🚀":{"a":{}},"last":"}"}"#
        let bytes = Array(text.utf8)
        #expect(isValid(bytes))
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self, "the first \(length) bytes") { try check(Array(bytes[..<length])) }
        }
    }

    @Test("survives random changes of a document, and agrees with the tree parser on each", arguments: [11, 12, 13, 14] as [UInt64])
    func mutations(_ seed: UInt64) throws {
        var dice = Generator(state: seed)
        let document = Array(#"{"type":"response.completed","n":12,"response":{"a":[1,2.5,"x\u00e9\"",{"b":null}],"c":true}}"#.utf8)
        let alphabet = Array(#"{}[],:"\0123456789.eE+-truefalsn u"#.utf8) + [0x00, 0x0A, 0x1F, 0x7F, 0x80, 0xC3, 0xFF]
        for _ in 0..<3000 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let place = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0..<3, using: &dice) {
                case 0: bytes[place] = alphabet.randomElement(using: &dice)!
                case 1: bytes.insert(alphabet.randomElement(using: &dice)!, at: place)
                default: bytes.remove(at: place)
                }
            }
            let tree = try? JSON(parsing: bytes)
            #expect((tree != nil) == isValid(bytes), "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            if let tree { #expect(try JSON(parsing: tree.bytes) == tree, "seed \(seed)") }
        }
    }

    @Test("survives random bytes", arguments: [21, 22, 23] as [UInt64])
    func garbage(_ seed: UInt64) {
        var dice = Generator(state: seed)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...40, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            // A digit alone is a document; all that matters is that both readers come to the same end.
            #expect(((try? JSON(parsing: bytes)) != nil) == isValid(bytes), "seed \(seed): \(bytes)")
        }
    }

    @Test("goes to its greatest depth and no further")
    func depth() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let inner = open == "[" ? "" : "1"
            let deepest = String(repeating: open, count: 128) + inner + String(repeating: close, count: 128)
            #expect(throws: Never.self) { try check(deepest) }
            #expect(throws: Never.self) { try JSON(parsing: deepest) }
            let tooDeep = Array((open + deepest + close).utf8)
            #expect { try check(tooDeep) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
            #expect { try check([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) } throws: {
                ($0 as? JSONError)?.reason == .tooDeep
            }
        }
    }

    @Test("knows the bracket it is in at any depth")
    func mixedBrackets() {
        #expect(isValid(Array(#"[{"a":[{"b":[{}]},[]]},{}]"#.utf8)))
        #expect(!isValid(Array(#"[{"a":[{"b":[{]}},[]]},{}]"#.utf8)))
        #expect(!isValid(Array(#"[{"a":[1,"b":2]}]"#.utf8)))
    }

    @Test(
        "says where and why",
        arguments: [
            (#"{"a":1,}"#, 7, JSONError.Reason.expectedKey), (#"{"a" 1}"#, 5, .expectedColon), ("[1 2]", 3, .expectedCommaOrEnd),
            ("[1,", 3, .unexpectedEnd),
            (#""\q""#, 2, .invalidEscape), ("1.x", 2, .invalidNumber), ("nuxx", 2, .invalidLiteral), ("1 1", 2, .trailingBytes),
            ("[?]", 1, .expectedValue),
            ("\"a\u{1}\"", 2, .controlCharacter),
        ])
    func errors(_ text: String, _ offset: Int, _ reason: JSONError.Reason) {
        #expect(throws: JSONError(reason: reason, offset: offset)) { try check(text) }
    }
}

/// SplitMix64, so that a seed tells the whole test.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
