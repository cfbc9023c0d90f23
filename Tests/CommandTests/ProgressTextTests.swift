import RingbackCore
import Testing

@testable import ringback

@Suite("A line of progress")
struct ProgressTextTests {
    private let start = Moment(nanoseconds: 0)

    @Test("is rewritten in place at a terminal, ten times a second at most, and not when it stands there already")
    func rewritten() {
        var text = ProgressText(.rewritten, since: start)
        #expect(text.isDue(start))
        #expect(text.show("one", width: 80, now: start) == "\rone\u{1B}[K")
        #expect(!text.isDue(start + .milliseconds(99)))
        #expect(text.isDue(start + .milliseconds(100)))
        #expect(text.show("one", width: 80, now: start + .seconds(1)) == "")
        #expect(text.show("two", width: 80, now: start + .seconds(2)) == "\rtwo\u{1B}[K")
        #expect(text.clear() == "\r\u{1B}[K")
        #expect(text.clear() == "", "nothing stands there any more")
    }

    @Test("is a plain line every ten seconds elsewhere, and nothing has to be taken away")
    func plain() {
        var text = ProgressText(.plain, since: start)
        #expect(!text.isDue(start + .milliseconds(9_999)))
        #expect(text.isDue(start + .seconds(10)))
        #expect(text.show("ten", width: 20, now: start + .seconds(10)) == "ten\n")
        #expect(!text.isDue(start + .seconds(19)))
        #expect(text.clear() == "")
    }

    @Test("never wraps: it leaves the last column of the terminal empty")
    func width() {
        var text = ProgressText(.rewritten, since: start)
        #expect(text.show("0123456789", width: 11, now: start) == "\r0123456789\u{1B}[K")
        #expect(text.show("0123456789a", width: 11, now: start) == "\r012345678…\u{1B}[K")
        #expect(text.show("x", width: 1, now: start) == "\rx\u{1B}[K")
    }

    @Test("lets no stranger write to the terminal", arguments: [ProgressText.Form.rewritten, .plain])
    func hostile(_ form: ProgressText.Form) {
        var text = ProgressText(form, since: start)
        let written = text.show("a\u{1B}[2Jb\nc\r\u{9B}31md\u{202E}e\tf", width: 80, now: start)
        #expect(written.hasSuffix(form == .plain ? "\n" : "\u{1B}[K"))
        let inner = form == .plain ? written.dropLast() : written.dropFirst().dropLast(3)
        #expect(inner == "a\u{FFFD}[2Jb c\u{FFFD}\u{FFFD}31md\u{FFFD}e f")
    }
}

@Suite("Columns of a terminal")
struct ColumnsTests {
    @Test(
        "count what East Asian scripts and pictographs take as two, and a mark with its letter as one",
        arguments: [("abc", 3), ("", 0), ("日本", 4), ("e\u{301}", 1), ("👍", 2), ("ｱ", 1), ("가", 2)])
    func count(_ text: String, _ columns: Int) {
        #expect(Columns.count(text) == columns)
    }

    @Test("are never more than asked for, whatever is cut")
    func fit() {
        for columns in 0...12 {
            for text in ["abcdefghij", "日本語日本語", "👍👍👍👍", "a日b本c語d"] {
                #expect(Columns.count(Columns.fit(text, to: columns)) <= columns, "\(text) to \(columns)")
                #expect(Columns.count(Columns.pad(text, to: columns)) == columns, "\(text) to \(columns)")
                #expect(Columns.count(Columns.padLeft(text, to: columns)) == columns, "\(text) to \(columns)")
            }
        }
        #expect(Columns.fit("日本語", to: 5) == "日本…")
        #expect(Columns.padLeft("12", to: 5) == "   12")
    }
}
