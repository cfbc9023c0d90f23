import Foundation
import MailMessage
import RawJSON
import RingbackCore
import RingbackTesting
import Testing

@Suite("A mail's text")
struct MailMessageTests {
    private static let date = Timestamp(milliseconds: 1_795_624_327_123)

    @Test("is what it was given, in the eyes of another parser")
    func readBack() async throws {
        let message = try message(
            from: "Ringback, der \"Rückrufer\" <ringback@ringback.example>", to: "Zoë <zoe@bücher.example>",
            subject: "✗ Response resp_1 failed: rate_limit_exceeded", text: "Line one\n.\nFrom here\n \nñ = ñ, the end ",
            html: "<p>Ωmega &amp; more</p>")
        let read = try await read([message])[0]
        #expect(read["from"] == [["Ringback, der \"Rückrufer\"", "ringback@ringback.example"]])
        #expect(read["to"] == [["Zoë", "zoe@xn--bcher-kva.example"]])
        #expect(header("Subject", of: read) == "✗ Response resp_1 failed: rate_limit_exceeded")
        #expect(header("Message-ID", of: read) == "<resp_1.failed.0123@ringback.example>")
        #expect(header("In-Reply-To", of: read) == "<resp_1@ringback.example>")
        #expect(header("References", of: read) == "<resp_1@ringback.example>")
        #expect(header("Auto-Submitted", of: read) == "auto-generated")
        #expect(header("MIME-Version", of: read) == "1.0")
        #expect(read["date"] == "2026-11-25T16:32:07+00:00")
        #expect(read["type"] == "multipart/alternative")
        #expect(read["parts"]?["text/plain"] == "Line one\r\n.\r\nFrom here\r\n \r\nñ = ñ, the end ")
        #expect(read["parts"]?["text/html"] == "<p>Ωmega &amp; more</p>")
    }

    @Test("is plain where there is no HTML, or too much of it")
    func plain() async throws {
        let none = try message(text: "only this", html: nil)
        let much = try message(text: "only this", html: String(repeating: "x", count: MailMessage.maximumHTMLBytes + 1))
        for read in try await read([none, much]) {
            #expect(read["type"] == "text/plain")
            #expect(read["parts"] == ["text/plain": "only this\r\n"])
        }
    }

    @Test("has the same bytes whenever it is made", arguments: [1, 2, 3])
    func stable(_ seed: UInt64) throws {
        var hostile = Hostile(seed: seed)
        let text = hostile.text()
        #expect(try message(subject: text, text: text, html: text).bytes == message(subject: text, text: text, html: text).bytes)
    }

    @Test("keeps every rule of the form, and every header, whatever strangers write", arguments: [20_261_125, 7, 99])
    func hostile(_ seed: UInt64) async throws {
        var hostile = Hostile(seed: seed)
        var messages: [MailMessage] = []
        for _ in 0..<150 {
            messages.append(
                try message(
                    subject: hostile.text(), text: hostile.text(), html: hostile.chance(0.7) ? hostile.text() : nil, id: hostile.text()))
        }
        for message in messages { try expectForm(message.bytes) }
        for (message, read) in zip(messages, try await read(messages)) {
            let names = try #require(read["headers"]?.elements).compactMap { $0[0]?.string }
            let last = message.html == nil ? ["Content-Type", "Content-Transfer-Encoding"] : ["Content-Type"]
            #expect(
                names == [
                    "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
                    "X-Auto-Response-Suppress",
                    "MIME-Version",
                ] + last, "seed \(seed)")
            let hasParts = message.html != nil
            #expect(read["parts"]?["text/plain"]?.string == expectedBody(message.text, isPart: hasParts), "seed \(seed)")
            #expect(read["parts"]?["text/html"]?.string == message.html.map { expectedBody($0, isPart: true) }, "seed \(seed)")
            // What a subject may keep: everything but control characters, up to its limit.
            let subject = try #require(header("Subject", of: read))
            #expect(!subject.unicodeScalars.contains { $0.value < 0x20 || 0x7F..<0xA0 ~= $0.value }, "seed \(seed)")
            if message.subject.utf8.count < 500 { #expect(squeezed(subject) == squeezed(message.subject), "seed \(seed)") }
        }
    }

    @Test(
        "has a name made of harmless characters only, the same each time",
        arguments: ["resp_1>\r\nBcc: x@y.example", "ré", "a b", "", String(repeating: "a", count: 600), "resp@1", "<x>"])
    func messageID(_ response: String) throws {
        let id = MailMessageID([response, "completed", "0123"], domain: "ringback.example").rawValue
        #expect(id == MailMessageID([response, "completed", "0123"], domain: "ringback.example").rawValue)
        #expect(id.utf8.count < 200)
        #expect(id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_@".contains($0)) }, "\(id)")
        #expect(id != MailMessageID([response + "x", "completed", "0123"], domain: "ringback.example").rawValue)
    }

    @Test(
        "goes to addresses that are some",
        arguments: [
            ("a@b.example", "", "a@b.example"), (" Name <a+b@B.Example> ", "Name", "a+b@b.example"),
            ("\"Quoted \\\"Name\\\"\" <a@b.example>", "Quoted \"Name\"", "a@b.example"), ("root@localhost", "", "root@localhost"),
            ("a@bücher.example", "", "a@xn--bcher-kva.example"), ("<a@b.example>", "", "a@b.example"),
        ])
    func addresses(_ text: String, _ name: String, _ spec: String) throws {
        let address = try MailAddress(validating: text)
        #expect(address.name == name)
        #expect(address.spec == spec)
    }

    @Test(
        "does not go to addresses that are none, and says why",
        arguments: [
            ("a", InvalidMailAddress.noDomain("a")), ("a@b.example\r\nBcc: c@d.example", .controlCharacter), ("a@", .domain("")),
            ("@b.example", .localPart("")), ("a..b@c.example", .localPart("a..b")), ("é@b.example", .nonASCIILocalPart),
            ("\"a b\"@c.example", .quotedLocalPart), ("a@[127.0.0.1]", .addressLiteral), ("a@-b.example", .domain("-b.example")),
            ("Name <a@b.example> x", .brackets), ("a@b..example", .domain("b..example")), ("a>b@c.example", .localPart("a>b")),
            ("a@ｆｕｌｌ.example", .internationalDomain("ｆｕｌｌ.example")),
        ])
    func invalidAddresses(_ text: String, _ reason: InvalidMailAddress) {
        #expect(throws: reason) { try MailAddress(validating: text) }
        #expect(!reason.description.isEmpty)
    }

    // MARK: Help

    private func message(
        from: String = "Ringback <ringback@ringback.example>", to: String = "someone@mail.example", subject: String = "Hello",
        text: String = "", html: String? = nil, id: String = "resp_1"
    ) throws -> MailMessage {
        let from = try MailAddress(validating: from)
        return MailMessage(
            from: from, to: try MailAddress(validating: to), subject: subject, date: Self.date,
            id: MailMessageID([id, "failed", "0123"], domain: from.domain), thread: MailMessageID([id], domain: from.domain), text: text,
            html: html)
    }

    private func read(_ messages: [MailMessage]) async throws -> [JSON] {
        try await withTemporaryDirectory { try await Program.read(messages.map(\.bytes), in: $0) }
    }

    private func header(_ name: String, of read: JSON) -> String? {
        read["headers"]?.elements?.first { $0[0]?.string == name }?[1]?.string
    }

    /// RFC 5322, sections 2.1 and 2.3: ASCII, lines of at most 998 bytes, CR and LF only together; ours are shorter still.
    private func expectForm(_ bytes: [UInt8]) throws {
        #expect(bytes.allSatisfy { $0 < 0x80 && $0 != 0 })
        #expect(bytes.suffix(2) == [13, 10])
        let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
        for line in lines {
            #expect(!line.utf8.contains(13) && !line.utf8.contains(10))
            #expect(line.utf8.count <= 200, "\(line)")
            #expect(!line.hasPrefix(".") && !line.hasPrefix("From "))
        }
    }

    /// - Parameter isPart: The last line end of a part belongs to the boundary after it (RFC 2046, section 5.1.1).
    private func expectedBody(_ text: String, isPart: Bool) -> String {
        var expected = ""
        var isAfterCR = false
        for scalar in text.unicodeScalars {
            if scalar == "\r" || (scalar == "\n" && !isAfterCR) { expected += "\r\n" }
            isAfterCR = scalar == "\r"
            let isControl = scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value || 0x2028...0x2029 ~= scalar.value
            if scalar == "\t" || !isControl { expected.unicodeScalars.append(scalar) }
        }
        let ended = expected.unicodeScalars.last == "\n" ? expected : expected + "\r\n"
        return isPart ? String(ended.unicodeScalars.dropLast(2)) : ended
    }

    /// Without white space and controls, whose place in a header another program may see differently.
    private func squeezed(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter {
                    !($0.value <= 0x20 || 0x7F..<0xA0 ~= $0.value || 0x2028...0x2029 ~= $0.value || $0.properties.isWhitespace)
                }))
    }
}

/// Texts that somebody might try.
private struct Hostile {
    private var generator: SeededGenerator
    private static let pieces = [
        "\r\nBcc: victim@mail.example\r\n", "\n.\n", "\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "--=_", "=?UTF-8?B?AAAA?=", "=?utf-8?q?=0A?=",
        "\0",
        "\u{1B}[31m", "é", "漢字", "👩‍👩‍👧", "e\u{301}\u{301}\u{301}", "\u{202E}txt.exe", "\u{2028}", "\u{85}", "=", "=3D", " ", "\t", "\r", "\n",
        "From ", ".",
        "<script>", "\"", "\\", "a", "subject", "\u{FEFF}", "\u{10FFFF}", "Content-Type: text/html", ";", ",", "<x@y.example>", "(", ")",
    ]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < probability }

    mutating func text() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<40, using: &generator) {
            let piece = Self.pieces.randomElement(using: &generator) ?? ""
            text += chance(0.05) ? String(repeating: piece, count: Int.random(in: 0..<120, using: &generator)) : piece
        }
        return text
    }
}
