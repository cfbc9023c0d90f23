import Cryptography
import Foundation
import Glibc

/// The file that holds the master key when the configuration has none: base64 and a line break, for its owner's eyes only.
///
/// It is made once, at the first start, and appears whole or not at all: the text is written to a file of its own, flushed, and then linked
/// to its name. Of two that make it at the same time one wins, and both end up with the winner's key.
package struct SealingKeyFile: Sendable, Hashable {
    /// A key file is 45 bytes long; what is longer is something else.
    static let maximumBytes = 1024

    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Why there is no key, with what to do. Never shows the file's content.
    package struct Unusable: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// - Returns: `nil` when there is no such file.
    package func read() throws(Unusable) -> SealingKey? {
        // O_NONBLOCK: should somebody have put a pipe there, opening it must not wait for a writer.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { return nil }
            throw failure("cannot be read", advice: "let Ringback's user read it")
        }
        defer { Glibc.close(descriptor) }
        try checkMode(of: descriptor)
        var bytes = [UInt8](repeating: 0, count: Self.maximumBytes)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw failure("cannot be read", advice: "let Ringback's user read it") }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            return try SealingKey(validating: text)
        } catch {
            throw Unusable(description: "the key file '\(path)' is damaged: restore it from a backup")
        }
    }

    /// Makes the file with a new key, unless somebody else was faster.
    ///
    /// - Returns: The key that is in the file now, on disk.
    package func make() throws(Unusable) -> SealingKey {
        let key = SealingKey.random()
        let draft = "\(path).\(Hex.encode(SecureRandom.bytes(6))).tmp"
        try write(Array((key.reveal() + "\n").utf8), to: draft)
        // The draft has served its purpose when it is linked; left behind it would be one more copy of the key.
        defer { unsafe _ = unlink(draft) }
        guard unsafe link(draft, path) == 0 else {
            guard errno == EEXIST, let winner = try read() else { throw failure("cannot be made", advice: Self.adviceForMaking) }
            return winner
        }
        try flushDirectory()
        return key
    }

    private static let adviceForMaking = "let Ringback's user write there, or give the key as master_key"

    private func write(_ bytes: [UInt8], to draft: String) throws(Unusable) {
        let descriptor = unsafe Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be made", advice: Self.adviceForMaking) }
        defer { Glibc.close(descriptor) }
        // The umask may have taken bits away, which would lock Ringback out of its own file.
        guard fchmod(descriptor, 0o600) == 0, unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0
        else {
            let trouble = failure("cannot be made", advice: Self.adviceForMaking)
            unsafe _ = unlink(draft)
            throw trouble
        }
    }

    /// Until the directory is flushed the name may vanish with the power, and with it the key to what is sealed from now on.
    private func flushDirectory() throws(Unusable) {
        let directory = (path as NSString).deletingLastPathComponent
        let descriptor = unsafe Glibc.open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot be made durable", advice: Self.adviceForMaking) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot be made durable", advice: Self.adviceForMaking) }
    }

    private func checkMode(of descriptor: Int32) throws(Unusable) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Unusable(description: "the key file '\(path)' is not a file: move it away and restore the key from a backup")
        }
        let mode = status.st_mode & 0o7777
        guard mode & 0o077 == 0 else {
            throw Unusable(
                description: "the key file '\(path)' can be read or written by others (mode 0\(String(mode, radix: 8))): "
                    + "run chmod 600 on it; if strangers may have read it, give a new master_key")
        }
    }

    private func failure(_ what: String, advice: String) -> Unusable {
        Unusable(description: "the key file '\(path)' \(what) (\(unsafe String(cString: strerror(errno)))): \(advice)")
    }
}
