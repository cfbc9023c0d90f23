import Presets
import Testing

/// Escapes for systems that look for names, numbers and commands. A `·` stands for the word joiner that takes them apart.
@Suite("Escapes of ticket systems")
struct TicketEscapeTests {
    private func joined(_ text: String) -> String {
        String(text.map { $0 == "·" ? "\u{2060}" : $0 })
    }

    @Test(
        "a title without markup calls nobody and links nothing",
        arguments: [
            ("@all", "@·all"), ("a #1 and !2", "a #·1 and !·2"), ("[code]x", "[·code]x"),
            ("see https://x.example", "see https:·//x.example"),
            ("see www.x.example", "see www.·x.example"), ("failed: server_error", "failed: server_error"), ("5 % @ 3", "5 % @ 3"),
            ("gpt-5.5", "gpt-5.5"), ("", ""), ("@", "@"), ("@@a", "@·@·a"),
        ])
    func unlinked(_ text: String, _ expected: String) {
        #expect(Escape.unlinked.apply(text) == joined(expected))
    }

    @Test(
        "a quiet fence is longer than any within, and nothing in it is a command or a name",
        arguments: [
            ("plain", "```\nplain\n```"), ("/close\n  /label x", "```\n·/close\n  ·/label x\n```"), ("a /b", "```\na /b\n```"),
            ("```\n@a\n```", "````\n```\n@·a\n```\n````"), ("", ""),
        ])
    func quietFence(_ text: String, _ expected: String) {
        #expect(Escape.quietFence.apply(text) == joined(expected))
    }

    @Test(
        "Jira's block is not ended from within, and names nobody",
        arguments: [
            ("plain *text*", "{noformat}\nplain *text*\n{noformat}"), ("a {noformat} [~b]", "{noformat}\na {·noformat} [·~b]\n{noformat}"),
            ("", ""),
        ])
    func noformat(_ text: String, _ expected: String) {
        #expect(Escape.noformat.apply(text) == joined(expected))
    }

    @Test(
        "Textile gets entities for all that it could understand",
        arguments: [
            ("*a* @b <i>", "&#42;a&#42; &#64;b &#60;i&#62;"), ("gpt-5.5 · 42 s", "gpt&#45;5.5 · 42 s"), ("&#64;", "&#38;&#35;64&#59;"),
        ])
    func textile(_ text: String, _ expected: String) {
        #expect(Escape.textile.apply(text) == expected)
    }

    @Test("a block of Textile is not ended from within", arguments: [("</pre>@a", "<pre>\n<·/pre>@·a\n</pre>"), ("", "")])
    func textilePre(_ text: String, _ expected: String) {
        #expect(Escape.textilePre.apply(text) == joined(expected))
    }
}
