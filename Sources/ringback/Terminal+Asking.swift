import Foundation

// Questions to whoever sits at the terminal.
extension Terminal {
    /// Whether there is somebody to ask: questions go to standard error, answers come from standard input.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// - Returns: `nil` at the end of the input.
    static func ask(_ question: String) -> String? {
        try? FileHandle.standardError.write(contentsOf: Data(question.utf8))
        return readLine()?.trimmingCharacters(in: .whitespaces)
    }

    /// The same without showing what is typed (termios(3): ECHO off, the line's end still shown).
    static func askSecretly(_ question: String) -> String? {
        var before = termios()
        // A terminal that cannot be told shows what is typed; better not to ask than to show a secret.
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ECHONL)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { return nil }
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
        return ask(question)
    }
}
