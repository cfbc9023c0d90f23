import Foundation

/// A terminal taken over by a picture: another screen, no cursor, keys as they are pressed. ``close()`` gives it back as it was.
final class TopScreen {
    private let before: termios

    /// - Returns: `nil` when standard input and output are not both a terminal.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, environmentVariable("TERM") != "dumb" else { return nil }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        self.before = before
        var raw = before
        // Ctrl-C comes as a key, so that the screen is given back before the program ends.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        // Keys that were pressed before count.
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { return nil }
        Terminal.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    func show(_ picture: TopPicture) {
        let lines = picture.lines.map { "\(Self.begin($0.style))\($0.text)\u{1B}[0m\u{1B}[K" }
        // Each line is erased behind its end, and the rest of the screen below: no flicker, and nothing stale.
        Terminal.write("\u{1B}[H" + lines.joined(separator: "\r\n") + "\u{1B}[J")
    }

    var size: (columns: Int, rows: Int) { Terminal.size(of: STDOUT_FILENO) ?? (80, 24) }

    func close() {
        Terminal.write("\u{1B}[?25h\u{1B}[?1049l")
        var before = before
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
    }

    /// SGR, ECMA-48 section 8.3.117.
    private static func begin(_ style: TopPicture.Line.Style) -> String {
        switch style {
        case .plain: ""
        case .title: "\u{1B}[7m"
        case .heading: "\u{1B}[1m"
        case .alarm: "\u{1B}[33m"
        }
    }
}
