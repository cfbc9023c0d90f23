import Cryptography
package import RingbackCore

/// The name of an inbox's file while a reader has it: `NAME.claimed-20261125T163412Z-600s-8f3a2c1b09d4.json` in `cur`.
///
/// It tells who lists the directory when the file was claimed and for how long, and it is another one for every claim. So a reader whose
/// lease ran out finds its file gone, and can never remove the one that somebody else has claimed meanwhile. That is why the claim is in
/// the name and not in the file's times: moving a file and naming its claim is one system call, and it needs the right to write in the
/// directory only, which a reader of another user has.
///
/// | part | |
/// |---|---|
/// | `NAME` | the name in `new`, without `.json` |
/// | `20261125T163412Z` | when it was claimed, by the wall clock of the reader's machine, in whole seconds |
/// | `600s` | its lease; left out where the claim holds until the file is acknowledged or put back |
/// | `8f3a2c1b09d4` | random |
///
/// Readers on several machines compare their wall clocks: a lease is to be much longer than these differ.
package struct ClaimedName: Sendable, Hashable {
    private static let mark = ".claimed-"
    private static let tokenBytes = 6
    /// Of a file in an inbox: it ends in ``fileExtension``, and is given to readers.
    package static let fileExtension = ".json"
    package static let textExtension = ".txt"
    /// NAME_MAX of every file system in use.
    private static let maximumBytes = 255
    package static let leases = Duration.seconds(1)...Duration.seconds(30 * 86_400)

    /// The name in `new`, without its extension.
    package let stem: String
    package let claimedAt: Timestamp
    /// Whole seconds; `nil` when the claim never runs out.
    package let lease: Duration?
    private let token: String

    /// A new claim on a file.
    ///
    /// - Parameters:
    ///   - lease: Rounded up to whole seconds, so that it never ends early.
    /// - Returns: `nil` when the file is none that readers are given, see ``isFit(_:)``.
    package init?(claiming name: String, at now: Timestamp, lease: Duration?) {
        guard Self.isFit(name) else { return nil }
        stem = String(name.dropLast(Self.fileExtension.count))
        claimedAt = Timestamp(unixSeconds: now.unixSeconds)
        self.lease = lease.map { .seconds(Int64(($0.inSeconds).rounded(.up))) }
        token = Hex.encode(SecureRandom.bytes(Self.tokenBytes))
    }

    /// - Returns: `nil` when the name is not that of a claimed file. Somebody may have moved the file by hand.
    package init?(_ name: String) {
        // Read from its end, where the mark is: what stands before it is a stranger's choice.
        guard name.hasSuffix(Self.fileExtension), let start = name.ranges(of: Self.mark).last else { return nil }
        let parts = name[start.upperBound...].dropLast(Self.fileExtension.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let time = parts.first.flatMap(Self.time),
            let token = parts.last, token.utf8.count == 2 * Self.tokenBytes
        else { return nil }
        if parts.count == 3 {
            guard parts[1].hasSuffix("s"), let seconds = Int64(parts[1].dropLast()), Self.leases.contains(.seconds(seconds)) else {
                return nil
            }
            lease = .seconds(seconds)
        } else {
            lease = nil
        }
        stem = String(name[..<start.lowerBound])
        claimedAt = time
        self.token = String(token)
    }

    package var json: String { marked + Self.fileExtension }
    package var text: String { marked + Self.textExtension }
    /// The names it goes back to.
    package var original: String { stem + Self.fileExtension }
    package var originalText: String { stem + Self.textExtension }

    private var marked: String {
        let digits = claimedAt.rfc3339.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }
        let lease = lease.map { "-\(Int64($0.inSeconds))s" } ?? ""
        return "\(stem)\(Self.mark)\(digits)Z\(lease)-\(token)"
    }

    /// When the claim runs out. A second more than the lease: the time of the claim was rounded down.
    package var endsAt: Timestamp? { lease.map { claimedAt + $0 + .seconds(1) } }

    /// Whether the file goes back to `new` now.
    ///
    /// A claim that lies further in the future than its lease is long was made before the wall clock was set back. Nobody is to wait until
    /// the clock has caught up.
    package func hasRunOut(now: Timestamp) -> Bool {
        guard let lease, let endsAt else { return false }
        return endsAt <= now || claimedAt - now > lease
    }

    /// Whether a file of this name is given to readers: it ends in `.json`, is not hidden, and consists of characters that neither a shell
    /// nor a line of text can mistake. All names that Ringback writes are like that; what else lies there is somebody else's.
    package static func isFit(_ name: String) -> Bool {
        guard name.hasSuffix(fileExtension), name.utf8.count > fileExtension.utf8.count else { return false }
        // The longest mark there is.
        let room = maximumBytes - "\(mark)20261125T163412Z-2592000s-".utf8.count - 2 * tokenBytes
        return name.utf8.count <= room && name.utf8.allSatisfy(isPlain) && name.utf8.first.map(isLetterOrDigit) == true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || ".-_=+".utf8.contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// `20261125T163412Z`
    private static func time(_ compact: Substring) -> Timestamp? {
        let parts = compact.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 8, parts[1].count == 7, parts[1].last == "Z" else { return nil }
        func part(_ text: Substring, _ from: Int, _ count: Int) -> Substring { text.dropFirst(from).prefix(count) }
        let date = "\(part(parts[0], 0, 4))-\(part(parts[0], 4, 2))-\(part(parts[0], 6, 2))"
        return Timestamp(rfc3339: "\(date)T\(part(parts[1], 0, 2)):\(part(parts[1], 2, 2)):\(part(parts[1], 4, 2))Z")
    }
}
