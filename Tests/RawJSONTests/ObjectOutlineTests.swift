import RawJSON
import Testing

@Suite("The outline of an object")
struct ObjectOutlineTests {
    private static let wanted: Set<String> = ["status", "model", "metadata", "usage"]

    /// What is kept of `pieces`, which have to be a whole object together.
    private func outline(_ pieces: [ArraySlice<UInt8>], memberLimit: Int = 1000) throws -> String {
        var outline = ObjectOutline(keeping: Self.wanted, memberLimit: memberLimit)
        for piece in pieces { try outline.receive(Array(piece).span) }
        try outline.finish()
        return String(decoding: outline.bytes, as: UTF8.self)
    }

    private func outline(_ text: String, memberLimit: Int = 1000) throws -> String {
        try outline([Array(text.utf8)[...]], memberLimit: memberLimit)
    }

    private func isTaken(_ text: String) -> Bool {
        do {
            _ = try outline(text)
            return true
        } catch {
            return false
        }
    }

    private static let document = #"""
        { "id" : "resp_1" , "output":[{"status":"nested","text":"a \"quoted\" \\ \u00e9 🚀"},[],{},-1.5e+3,true,false,null],
          "n":0 , "st\u0061tus":"in_\nprogress", "metadata":{ "a":"}" , "b":["]"] }, "model" :null,"status":"second", "usage":{"t":1.0e2}}
        """#
    private static let expected =
        #"{"status":"in_\nprogress","metadata":{ "a":"}" , "b":["]"] },"model":null,"usage":{"t":1.0e2}}"#

    @Test("holds the wanted members of the outer object, the first of each name, in whatever order they stand")
    func members() throws {
        let kept = try JSON(parsing: Array(outline(Self.document).utf8))
        #expect(kept == (try JSON(parsing: Array(Self.expected.utf8))))
        #expect(try outline("{}") == "{}")
        #expect(try outline(#"{"output":"status"}"#) == "{}")
    }

    @Test("is the same wherever the bytes are cut")
    func splits() throws {
        let bytes = Array(Self.document.utf8)
        let whole = try outline([bytes[...]])
        #expect(try outline(bytes.indices.map { bytes[$0...$0] }) == whole)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 7) {
                #expect(try outline([bytes[..<first], bytes[first..<second], bytes[second...]]) == whole)
            }
        }
    }

    @Test("takes the values that JSON text has", arguments: Samples.valid)
    func valid(_ text: String) throws {
        #expect(isTaken(#"{"x":\#(text),"status":1}"#))
        #expect(isTaken(#"{"status":\#(text)}"#))
    }

    @Test("refuses the values that JSON text has not", arguments: Samples.invalid)
    func invalid(_ text: String) throws {
        #expect(!isTaken(#"{"x":\#(text),"status":1}"#))
        #expect(!isTaken(#"{"status":\#(text)}"#))
    }

    @Test(
        "refuses what is no object, or has something after it",
        arguments: [
            "", " ", "[]", "1", #""status""#, "{", #"{"a":1"#, "{}{}", "{},", #"{"a":1}]"#, "\u{FEFF}{}", #"{"a":1,}"#, #"{"a" 1}"#,
        ]
    )
    func noObject(_ text: String) {
        #expect(!isTaken(text))
    }

    @Test("refuses every beginning of an object")
    func beginnings() {
        let bytes = Array(Self.document.utf8)
        for end in 0..<bytes.count - 1 where bytes[end...].contains(UInt8(ascii: "}")) {
            #expect(throws: JSONError.self) { try outline([bytes[..<end]]) }
        }
    }

    @Test("leaves out a wanted member that is larger than the limit, and goes on")
    func largeMember() throws {
        let long = String(repeating: "x", count: 500)
        #expect(try outline(#"{"model":"\#(long)","status":"completed"}"#, memberLimit: 100) == #"{"status":"completed"}"#)
        #expect(
            try outline(#"{"status":"completed","metadata":{"a":"\#(long)"},"model":"m"}"#, memberLimit: 100)
                == #"{"status":"completed","model":"m"}"#)
        // It was there: a second one of its name does not take its place.
        #expect(try outline(#"{"model":"\#(long)","model":"m"}"#, memberLimit: 100) == "{}")
    }

    @Test("does not take a long name for a short one that it begins like")
    func longName() throws {
        let long = String(repeating: "x", count: 10_000)
        #expect(try outline(#"{"status\#(long)":1,"\#(long)":2,"status":3}"#) == #"{"status":3}"#)
    }

    @Test("tells what is complete before the object is")
    func unfinished() throws {
        var outline = ObjectOutline(keeping: Self.wanted, memberLimit: 1000)
        try outline.receive(Array(#"{"status":"queued","model":"m"#.utf8).span)
        #expect(String(decoding: outline.bytes, as: UTF8.self) == #"{"status":"queued"}"#)
        // Whether a number goes on is known only after it.
        try outline.receive(Array(#"","usage":1"#.utf8).span)
        #expect(String(decoding: outline.bytes, as: UTF8.self) == #"{"status":"queued","model":"m"}"#)
        try outline.receive(Array("2}".utf8).span)
        #expect(String(decoding: outline.bytes, as: UTF8.self) == #"{"status":"queued","model":"m","usage":12}"#)
        #expect(outline.count == 42)
        #expect(throws: Never.self) { try outline.finish() }
    }

    @Test("goes as deep as JSON text does, and no deeper", arguments: [UInt8(ascii: "["), UInt8(ascii: "{")])
    func depth(_ bracket: UInt8) throws {
        let isArray = bracket == UInt8(ascii: "[")
        func nested(_ count: Int) -> String {
            String(repeating: isArray ? "[" : #"{"a":"#, count: count) + "1" + String(repeating: isArray ? "]" : "}", count: count)
        }
        #expect(isTaken(#"{"x":\#(nested(JSONText.maximumDepth - 1)),"status":1}"#))
        #expect(!isTaken(#"{"x":\#(nested(JSONText.maximumDepth)),"status":1}"#))
        #expect(!isTaken(#"{"x":\#(nested(100_000)),"status":1}"#))
    }

    @Test("finds a status that stands behind 100 MB")
    func large() throws {
        var outline = ObjectOutline(keeping: Self.wanted, memberLimit: 1000)
        try outline.receive(Array(#"{"output":[{"text":""#.utf8).span)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
        for _ in 0..<100 { try outline.receive(piece.span) }
        try outline.receive(Array(#""}],"status":"completed"}"#.utf8).span)
        try outline.finish()
        #expect(String(decoding: outline.bytes, as: UTF8.self) == #"{"status":"completed"}"#)
        #expect(outline.count > 100 * 1024 * 1024)
    }
}
