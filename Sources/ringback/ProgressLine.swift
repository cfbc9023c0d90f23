import Foundation
import RingbackCore

/// One line on standard error about work that goes on, for commands that take long.
///
/// At a terminal the line is rewritten in place. Elsewhere, in a log or a pipe, a line is written every ten seconds, so that whoever reads it
/// later sees that something happened and is not buried in it. Standard output belongs to results and is never touched.
///
/// ```swift
/// var line = ProgressLine()
/// for piece in work {
///     line.show("\(count) of \(total) pages copied")
/// }
/// line.clear()
/// ```
struct ProgressLine {
    private let time: any TimeSource
    private let start: Moment
    private var text: ProgressText

    init(time: any TimeSource = SystemTime()) {
        self.time = time
        start = time.now
        text = ProgressText(Terminal.canRewriteLines ? .rewritten : .plain, since: time.now)
    }

    /// Whether somebody sits at a terminal and sees the line change.
    var isLive: Bool { text.form == .rewritten }

    /// Since the line was made.
    var elapsed: Duration { time.now - start }

    /// Says how things stand. To be called as often as there is news: most calls write nothing.
    ///
    /// - Parameter words: Made only when they are written; what strangers wrote may be in them.
    mutating func show(_ words: @autoclosure () -> String) {
        guard text.isDue(time.now) else { return }
        Terminal.write(toErrors: text.show(words(), width: Terminal.width, now: time.now))
    }

    /// Takes the line away. To be called before anything else is written, and at the end.
    mutating func clear() {
        Terminal.write(toErrors: text.clear())
    }
}

/// What a ``ProgressLine`` writes, and when. Knows no terminal and no clock.
struct ProgressText {
    enum Form: Hashable {
        /// At a terminal: the same line again and again.
        case rewritten
        /// A line of its own each time.
        case plain
    }

    /// Faster than this nobody reads.
    static let liveInterval: Duration = .milliseconds(100)
    static let plainInterval: Duration = .seconds(10)

    let form: Form
    private var next: Moment
    /// What stands in the line now; empty when nothing does.
    private var shown = ""

    init(_ form: Form, since now: Moment) {
        self.form = form
        next = form == .rewritten ? now : now + Self.plainInterval
    }

    func isDue(_ now: Moment) -> Bool { now >= next }

    /// - Parameter width: Columns of the terminal.
    /// - Returns: What is to be written; empty when the line stands there already.
    mutating func show(_ words: String, width: Int, now: Moment) -> String {
        switch form {
        case .plain:
            next = now + Self.plainInterval
            return Printable.line(words) + "\n"
        case .rewritten:
            next = now + Self.liveInterval
            // The last column stays empty: a cursor behind it is in the next line on some terminals.
            let line = Columns.fit(Printable.line(words), to: max(1, width - 1))
            guard line != shown else { return "" }
            shown = line
            return "\r\(line)\(Self.eraseToEnd)"
        }
    }

    mutating func clear() -> String {
        guard !shown.isEmpty else { return "" }
        shown = ""
        return "\r\(Self.eraseToEnd)"
    }

    /// EL, ECMA-48 section 8.3.41.
    private static let eraseToEnd = "\u{1B}[K"
}
