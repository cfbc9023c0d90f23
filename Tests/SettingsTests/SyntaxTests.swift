import Testing

@testable import Settings

@Suite("A file that is no YAML")
struct SyntaxTests {
    @Test(
        "is refused with the line and column of the slip",
        arguments: [
            Mistake("listen: 127.0.0.1:80\n\tstore: x\n", "ringback.yaml:2:1: YAML does not allow a tab here: indent with spaces"),
            Mistake(
                "upstreams:\n  - name: a\n    name: b\n",
                "ringback.yaml:2:5: 'name' is written more than once in the same mapping: keep one of them"),
            Mistake("listen: \"127.0.0.1:80\n", "ringback.yaml:1:9: a quote is opened and never closed: close it"),
            Mistake("listen: a: b\n", "ringback.yaml:1:10: there is a colon where no key can stand: check the indentation"),
            Mistake(
                "upstreams:\n  - name: a\n   follow: poll\n",
                "ringback.yaml:3:4: this does not fit to the lines above: check the indentation"),
            Mistake("upstreams: [{ name: a ]\n", "ringback.yaml:1:13: a bracket is opened and not closed, or a comma is missing"),
            Mistake("listen: @here\n", "ringback.yaml:1:9: a value cannot begin with this character: put the value in quotes"),
            Mistake("events: *response\n", "ringback.yaml:1:9: the alias stands for an anchor that is nowhere above"),
            Mistake("listen: a:1\n---\nlisten: b:1\n", "ringback.yaml:2:1: a second document begins: keep one document in the file"),
            Mistake("listen: 127.0.0.1:80\nstore\n", "ringback.yaml:3:1: a key without a colon: write key: value"),
            Mistake("listen: \u{1}\n", "ringback.yaml:1:9: the file has a character that YAML does not allow"),
            Mistake(
                minimal + "\n    follow: stream\n      api_key LEAK\n",
                "ringback.yaml:4:13: upstreams[0].follow: the value goes on over the next lines"),
            Mistake("? [a]\n: b\n", "ringback.yaml:1:3: a key must be a word"),
        ])
    func refused(_ mistake: Mistake) {
        let printed = complaints(mistake.yaml)
        #expect(printed.split(separator: "\n").contains { $0.hasPrefix(mistake.complaint) }, "printed was:\n\(printed)")
    }

    @Test("does not exhaust the memory with aliases of aliases")
    func manyAliases() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(complaints(yaml).contains("there are more than 100000 values"))
    }

    @Test("or is far too large is not looked at")
    func tooLarge() {
        #expect(
            complaints(String(repeating: "#", count: 1024 * 1024 + 1))
                == "ringback.yaml: the file has more than 1048576 bytes: it is not a Ringback configuration")
    }
}
