import RingbackCore
import Testing

@testable import Dashboard

@Suite("Markup")
struct HTMLTests {
    @Test(
        "escapes every text that is put into it",
        arguments: [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"), ("\"' onload='x", "&quot;&#39; onload=&#39;x"),
            ("a & b", "a &amp; b"), ("&lt;", "&amp;lt;"), ("\u{202E}gpj.exe", "\u{FFFD}gpj.exe"),
            ("\u{0}\u{1B}[2J\u{9B}", "\u{FFFD}\u{FFFD}[2J\u{FFFD}"),
            ("ü 漢 🦊\n\t", "ü 漢 🦊\n\t"), ("", ""),
        ]
    )
    func escaping(_ text: String, _ expected: String) {
        let page: HTML = #"<p title="\#(text)">\#(text)</p>"#
        #expect(page.text == "<p title=\"\(expected)\">\(expected)</p>")
        let identifier: HTML = "\(ResponseID(trusted: text))"
        #expect(identifier.text == expected)
        let substring: HTML = "\(text.prefix(1000))"
        #expect(substring.text == expected)
    }

    @Test("takes markup as it is, and nothing for nothing")
    func markup() {
        let inner: HTML = "<b>\("<")</b>"
        let none: HTML? = nil
        let page: HTML = "\(inner)\(none)\([inner, inner])\(3)"
        #expect(page.text == "<b>&lt;</b><b>&lt;</b><b>&lt;</b>3")
    }
}

@Suite("A form")
struct FormTests {
    @Test("is read as browsers write it, and what is broken is not there")
    func reading() {
        let form = Form("a=1+2&b=%C3%BC&c=&d=%zz&e&a=3&f=x%3Dy&=z")
        #expect(form["a"] == "1 2" && form["b"] == "ü" && form["c"] == nil && form["d"] == nil && form["e"] == nil && form["f"] == "x=y")
        #expect(form.query(["b", "c", "a"]) == "b=%C3%BC&a=1%202")
    }
}
