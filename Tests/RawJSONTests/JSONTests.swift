import RawJSON
import Testing

@Suite("A JSON value")
struct JSONTests {
    @Test("is read as a tree in the order of its text")
    func tree() throws {
        let json = try JSON(parsing: #" {"b": [1, -2.50, "x", true, null, {}], "a": {"c": []}} "#)
        #expect(json == ["b": [1, .number("-2.50"), "x", true, nil, [:]], "a": ["c": []]])
        #expect(json.members?.map(\.key) == ["b", "a"])
        #expect(json["b"]?[1]?.double == -2.5)
        #expect(json["b"]?[9] == nil)
        #expect(json["a"]?["c"]?.elements == [])
        #expect(json["z"] == nil)
        #expect(json[0] == nil)
    }

    @Test("keeps every digit of a number", arguments: ["0.1000", "1e400", "12345678901234567890123", "-0", "-0.0", "1E+2"])
    func numbers(_ text: String) throws {
        #expect(try JSON(parsing: text) == .number(text))
        #expect(try JSON(parsing: text).text == text)
    }

    @Test("is written so that it reads back the same", arguments: Samples.valid)
    func roundTrip(_ text: String) throws {
        let json = try JSON(parsing: text)
        #expect(try JSON(parsing: json.bytes) == json)
        #expect(try JSON(parsing: json.prettyText) == json)
    }

    @Test("escapes what has to be, and nothing else")
    func escapes() {
        #expect(JSON.string("\"\\/\n\r\t\u{0}\u{1F}\u{7F}é🚀<>&").text == "\"\\\"\\\\/\\n\\r\\t\\u0000\\u001f\u{7F}é🚀<>&\"")
        #expect((["k\"": 1] as JSON).text == #"{"k\"":1}"#)
    }

    @Test("carries raw parts byte for byte")
    func raw() {
        let json: JSON = ["data": .raw(Array("{ \"a\" : 1.0 }".utf8)), "n": 1]
        #expect(json.text == "{\"data\":{ \"a\" : 1.0 },\"n\":1}")
    }

    @Test("is written for people with one member per line")
    func pretty() {
        let json: JSON = ["a": [1, [:]], "b": [], "c": ["d": nil]]
        #expect(
            json.prettyText == """
                {
                  "a": [
                    1,
                    {}
                  ],
                  "b": [],
                  "c": {
                    "d": null
                  }
                }
                """)
    }

    @Test("writes numbers that are not finite as null")
    func notFinite() {
        #expect(JSON.decimal(.nan) == .null)
        #expect(JSON.decimal(.infinity) == .null)
        #expect(JSON.decimal(1.5).text == "1.5")
        #expect(throws: Never.self) { try JSON(parsing: JSON.decimal(1e-300).text) }
    }
}
