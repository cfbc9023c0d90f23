/// To whom files belong and who may do what with them.
package struct FileOwnership: Sendable, Hashable {
    /// A user's name or number; `nil`: that of the process.
    package var owner: String?
    /// A group's name or number; `nil`: that of the process, or of the directory where it hands its group down.
    package var group: String?
    /// The permission bits of files, exactly; `nil`: 0640, less the process's umask.
    package var mode: FileMode?

    package init(owner: String? = nil, group: String? = nil, mode: FileMode? = nil) {
        self.owner = owner
        self.group = group
        self.mode = mode
    }
}

/// Permission bits of a file, as chmod(1) writes them: `0640`.
package struct FileMode: Sendable, Hashable, CustomStringConvertible {
    package let bits: UInt32

    /// - Parameter text: A zero and three octal digits. Without the zero the number would be another one where octal numbers are not known.
    /// - Returns: `nil` for anything else, and for a mode with which the owner could not read and write.
    package init?(text: String) {
        guard text.utf8.count == 4, text.hasPrefix("0"), let bits = UInt32(text, radix: 8), bits & 0o600 == 0o600 else { return nil }
        self.bits = bits
    }

    /// Of a directory with such files: who may read may look into it, and who may write may take files.
    package var ofDirectory: UInt32 { bits & 0o666 | (bits & 0o444) >> 2 }

    package var description: String {
        let digits = String(bits, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
