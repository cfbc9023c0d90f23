import RawJSON
import Testing

@Suite("Members of a raw object")
struct RawMembersTests {
    private func text(_ value: RawValue?, _ json: String) -> String? {
        let bytes = Array(json.utf8)
        return value.map { String(decoding: $0.bytes(in: bytes.span), as: UTF8.self) }
    }

    private func names(_ json: String) throws(JSONError) -> [String] {
        let bytes = Array(json.utf8)
        var members = try RawMembers(in: bytes.span)
        var names: [String] = []
        while let member = try members.next(in: bytes.span) { names.append(member.key.string(in: bytes.span) ?? "") }
        return names
    }

    @Test("are found byte for byte, without the white space around them")
    func slices() throws {
        let json = "\n{ \"type\" :\t\"x\" , \"response\": { \"a\" : [ 1.50 ,\n2 ] } ,\"n\":1.0e0}\n"
        let bytes = Array(json.utf8)
        let found = try JSONText.members(["type", "response", "n", "missing"], in: bytes.span)
        #expect(text(found["type"], json) == "\"x\"")
        #expect(text(found["response"], json) == "{ \"a\" : [ 1.50 ,\n2 ] }")
        #expect(text(found["n"], json) == "1.0e0")
        #expect(found["missing"] == nil)
    }

    @Test("are found within members")
    func nested() throws {
        let json = #"{"response":{"id":"r","usage":{"t":1}},"id":"outer"}"#
        let bytes = Array(json.utf8)
        let response = try #require(try JSONText.members(["response"], in: bytes.span)["response"])
        let inner = try JSONText.members(["id", "usage"], of: response, in: bytes.span)
        let id = inner["id"]?.string(in: bytes.span)
        #expect(id == "r")
        #expect(text(inner["usage"], json) == #"{"t":1}"#)
    }

    @Test("are found in a slice of a longer array")
    func slice() throws {
        let bytes = Array(#"xx{"a":"b"}yy"#.utf8)[2..<11]
        let text = try JSONText.members(["a"], in: bytes.span)["a"]?.string(in: bytes.span)
        #expect(text == "b")
    }

    @Test("are taken from the first of several with one name")
    func duplicates() throws {
        let bytes = Array(#"{"a":1,"b":2,"a":3,"\u0061":4}"#.utf8)
        let number = try JSONText.members(["a"], in: bytes.span)["a"]?.integer(in: bytes.span)
        #expect(number == 1)
        #expect(try JSON(parsing: bytes)["a"] == 1)
    }

    @Test("are found by names that are written with escapes")
    func escapedNames() throws {
        let bytes = Array(#"{"st\u0061tus":"queued","a\\b":1}"#.utf8)
        var members = try RawMembers(in: bytes.span)
        let first = try #require(try members.next(in: bytes.span))
        let firstNames = ["status", #"st\u0061tus"#].filter { first.isNamed($0, in: bytes.span) }
        #expect(firstNames == ["status"])
        let second = try #require(try members.next(in: bytes.span))
        let secondNames = [#"a\b"#, #"a\\b"#].filter { second.isNamed($0, in: bytes.span) }
        #expect(secondNames == [#"a\b"#])
        for _ in 0..<2 {
            let none = try members.next(in: bytes.span)
            #expect(none == nil)
        }
    }

    @Test("are none of a value that is no object", arguments: ["[]", "1", "null", #""{}""#, "", "x"])
    func otherKinds(_ text: String) {
        #expect(throws: JSONError.self) { try names(text) }
    }

    @Test("are not vouched for before the object's end was read", arguments: [#"{"a":1"#, #"{"a":1}x"#, #"{"a":1,"b":[}"#, #"{"a":1}{}"#])
    func brokenLater(_ text: String) throws {
        let bytes = Array(text.utf8)
        var members = try RawMembers(in: bytes.span)
        let isA = try members.next(in: bytes.span)?.isNamed("a", in: bytes.span)
        #expect(isA == true)
        #expect(throws: JSONError.self) { try names(text) }
    }

    @Test("that are arrays give their elements in order")
    func elements() throws {
        let bytes = Array(#"[1, "two" ,[3],{"4":5}, null]"#.utf8)
        var elements = try RawElements(of: JSONText.value(in: bytes.span), in: bytes.span)
        var kinds: [RawValue.Kind] = []
        while let element = try elements.next(in: bytes.span) { kinds.append(element.kind) }
        #expect(kinds == [.number, .string, .array, .object, .null])
    }

    @Test("that are empty arrays give none")
    func noElements() throws {
        let bytes = Array("[ ]".utf8)
        var elements = try RawElements(of: JSONText.value(in: bytes.span), in: bytes.span)
        for _ in 0..<2 {
            let none = try elements.next(in: bytes.span)
            #expect(none == nil)
        }
    }
}

@Suite("A raw value")
struct RawValueTests {
    private func string(_ json: String) throws -> String? {
        let bytes = Array(json.utf8)
        return try JSONText.value(in: bytes.span).string(in: bytes.span)
    }

    @Test(
        "reads as the text its escapes stand for",
        arguments: [
            (#""plain""#, "plain"), (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
            (#""\ud83d\ude80!""#, "🚀!"), (#""\ud83d""#, "\u{FFFD}"), (#""\ude80\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (#""\ud83d\u0041""#, "\u{FFFD}A"),
            (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\ud83d\ude80""#, "\u{FFFD}🚀"), (#""\u0000""#, "\u{0}"),
            (#""é🚀""#, "é🚀"),
        ])
    func strings(_ json: String, _ text: String) throws {
        #expect(try string(json) == text)
    }

    @Test("replaces bytes in a string that are not UTF-8")
    func notUTF8() throws {
        let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0x62, 0x22]
        let text = try JSONText.value(in: bytes.span).string(in: bytes.span)
        #expect(text == "a\u{FFFD}b")
        #expect(try JSON(parsing: bytes) == "a\u{FFFD}b")
    }

    @Test(
        "is an integer only when it is written as one and fits",
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("99999999999999999999", nil), ("1.0", nil), ("1e3", nil), (#""1""#, nil), ("true", nil),
            ("null", nil),
        ] as [(String, Int64?)])
    func integers(_ json: String, _ value: Int64?) throws {
        let bytes = Array(json.utf8)
        let integer = try JSONText.value(in: bytes.span).integer(in: bytes.span)
        #expect(integer == value)
    }

    @Test("is a bool only when it is one")
    func bools() throws {
        for (json, value) in [("true", true), ("false", false), ("1", nil), (#""true""#, nil)] as [(String, Bool?)] {
            let bytes = Array(json.utf8)
            let bool = try JSONText.value(in: bytes.span).bool(in: bytes.span)
            #expect(bool == value)
        }
    }

    @Test("tells whether it is a certain text")
    func comparison() throws {
        for (json, text, isSame) in [
            (#""abc""#, "abc", true), (#""abd""#, "abc", false), (#""ab""#, "abc", false), (#""\u0061bc""#, "abc", true),
            (#""""#, "", true), ("1", "1", false),
            (#""a\nb""#, "a\nb", true), (#""a\nb""#, #"a\nb"#, false),
        ] as [(String, String, Bool)] {
            let bytes = Array(json.utf8)
            let answer = try JSONText.value(in: bytes.span).isString(text, in: bytes.span)
            #expect(answer == isSame, "\(json) and \(text)")
        }
    }
}
