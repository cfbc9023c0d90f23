import Foundation

/// What commands print and read. Everything goes through here, in order and unbuffered.
enum Terminal {
    /// A line for people or programs on standard output.
    static func print(_ text: String) {
        write(Array(text.utf8) + [UInt8(ascii: "\n")], to: .standardOutput)
    }

    /// Bytes as they are, and a line end.
    static func print(bytes: [UInt8]) {
        write(bytes + [UInt8(ascii: "\n")], to: .standardOutput)
    }

    /// A message about trouble on standard error.
    static func complain(_ text: String) {
        note("ringback: \(text)")
    }

    /// A remark for people on standard error, out of the way of what programs read.
    static func note(_ text: String) {
        write(Array(text.utf8) + [UInt8(ascii: "\n")], to: .standardError)
    }

    /// A piece of a screen on standard output, as it is.
    static func write(_ text: String) {
        write(Array(text.utf8), to: .standardOutput)
    }

    /// A piece of a line on standard error, as it is.
    static func write(toErrors text: String) {
        if !text.isEmpty { write(Array(text.utf8), to: .standardError) }
    }

    /// Whether standard error is a terminal that can erase a line.
    static var canRewriteLines: Bool { isatty(STDERR_FILENO) == 1 && environmentVariable("TERM") != "dumb" }

    /// Columns of the terminal behind standard error, as they are now; 80 when it does not say.
    static var width: Int { size(of: STDERR_FILENO)?.columns ?? 80 }

    /// ioctl_tty(2), TIOCGWINSZ; `nil` for what is no terminal, or one that does not know.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Reads standard input to its end.
    ///
    /// - Throws: ``CommandFailure`` when there is more than `limit`.
    static func readInput(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try FileHandle.standardInput.read(upToCount: 64 * 1024), !chunk.isEmpty {
            bytes += chunk
            guard bytes.count <= limit else {
                throw CommandFailure("standard input is larger than \(limit) bytes", exitCode: ExitReport.usage)
            }
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to handle: FileHandle) {
        // Whoever reads may have gone away; there is nobody left to tell.
        try? handle.write(contentsOf: Data(bytes))
    }
}

/// A variable of the environment; an empty one counts as unset.
func environmentVariable(_ name: String) -> String? {
    guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
    return value
}
