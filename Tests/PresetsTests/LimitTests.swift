import Presets
import RawJSON
import RingbackCore
import Settings
import Testing

/// A text of one kind of character, and how one of it counts.
struct Character4: Sendable, CustomStringConvertible {
    let name: String
    let character: String
    var description: String { name }

    static let all = [
        Character4(name: "ASCII", character: "a"), Character4(name: "an emoji of four bytes", character: "\u{1F680}"),
        Character4(name: "a letter with a combining accent", character: "e\u{301}"),
        Character4(name: "a family joined by ZWJ", character: "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}"),
        Character4(name: "a quote, which JSON escapes", character: "\""),
    ]
}

@Suite("A limit")
struct LimitTests {
    @Test("keeps a text that has exactly as much, and cuts one more between characters", arguments: Character4.all, TextLimit.Unit.allCases)
    func boundary(kind: Character4, unit: TextLimit.Unit) throws {
        let count = 20
        let exact = String(repeating: kind.character, count: count)
        let limit = Self.length(exact, unit)
        #expect(try render(exact, limit, unit) == exact)
        let cut = try render(exact + kind.character, limit, unit)
        #expect(Self.length(cut, unit) <= limit)
        #expect(cut.hasSuffix("…"))
        // Nothing of a character is left over.
        #expect(cut.dropLast().allSatisfy { String($0) == kind.character })
        // And no more was taken away than the ellipsis needs.
        let one = Self.length(kind.character, unit)
        #expect(Self.length(cut, unit) + one + Self.length("…", unit) > limit)
    }

    @Test("drops a character whole that does not fit by itself")
    func giant() throws {
        let giant = "e" + String(repeating: "\u{301}", count: 3000)
        #expect(try render(giant, 50, .bytes) == "")
    }

    @Test("never cuts what the preset itself wrote, and says so when that is too long already")
    func ownWords() throws {
        let preset = try preset(text: "<b>{{reason}}</b>", limit: "7 code_points")
        #expect(try field(preset, reason: "") == "<b></b>")
        #expect(try field(preset, reason: "abc") == "<b></b>")
        let tooLong = try self.preset(text: "<strong>{{reason}}</strong>", limit: "7 code_points")
        #expect(throws: RenderingError.self) { try field(tooLong, reason: "") }
    }

    @Test("is kept by cutting the value before it is escaped, so that no entity is cut")
    func beforeEscaping() throws {
        let preset = try preset(text: "{{reason}}", limit: "12 code_points", escape: "html")
        #expect(try field(preset, reason: "<<<<<<<<") == "&lt;&lt;…")
    }

    @Test("of the whole body is kept by cutting the longest values until it fits")
    func wholeBody() throws {
        let yaml = """
            title: A test
            fields:
              text: { text: "{{reason}}" }
              head: { text: "{{headline}}" }
            requests:
              create: { url: "https://example.com/", limit: 400, json: { head: "{{fields.head}}", text: "{{fields.text}}" } }
            """
        let preset = try Preset.read(yaml, name: "test", file: "test.yaml")
        let request = try renderer(preset, reason: String(repeating: "\u{1F680}\"", count: 500)).render(.create)
        let body = try #require(request.body)
        #expect(body.count <= 400)
        #expect(body.count > 380)
        #expect(try JSON(parsing: body)["head"]?.string == "Response resp_1 failed")
    }

    private static func length(_ text: String, _ unit: TextLimit.Unit) -> Int {
        switch unit {
        case .codePoints: text.unicodeScalars.count
        case .utf16: text.utf16.count
        case .bytes: text.utf8.count
        case .encoded: JSON.string(text).bytes.count - 2
        }
    }

    private func preset(text: String, limit: String, escape: String = "none") throws -> Preset {
        let yaml = """
            title: A test
            fields:
              text: { text: "\(text)", escape: \(escape), limit: \(limit) }
            requests:
              create: { url: "https://example.com/", json: { text: "{{fields.text}}" } }
            """
        return try Preset.read(yaml, name: "test", file: "test.yaml")
    }

    private func render(_ reason: String, _ limit: Int, _ unit: TextLimit.Unit) throws -> String {
        let preset = try preset(text: "{{reason}}", limit: "\(limit) \(unit.rawValue)")
        let body = try #require(try renderer(preset, reason: reason).render(.create).body)
        return try #require(try JSON(parsing: body)["text"]?.string)
    }

    private func field(_ preset: Preset, reason: String) throws -> String? {
        try renderer(preset, reason: reason).renderFields()["text"]
    }

    private func renderer(_ preset: Preset, reason: String) -> PresetRenderer {
        let response: JSON = ["id": "resp_1", "status": "failed", "error": ["message": .string(reason)]]
        return Rendering.renderer(preset, Hostility.event(.failed), response: response.bytes)
    }
}
