import Cryptography
import RingbackCore

/// The name of an event's file in an inbox: `20261123T061208Z.resp_abc.completed.json`. The same for every attempt (contract, section 8).
///
/// The response id is what a stranger chose, so the name is made such that
/// - it matches `[A-Za-z0-9][A-Za-z0-9._=-]*` and has at most ``maximumBytes`` bytes, wherever it will be copied to;
/// - two ids never get the same name, not even on a file system that takes `a` and `A` for the same.
///
/// | id | in the name | why |
/// |---|---|---|
/// | `resp_abc-1.x` | `resp_abc-1.x` | stays as it is |
/// | `a/b` | `a=2Fb` | every byte outside `[A-Za-z0-9._-]` becomes `=` and two upper-case hexadecimal digits |
/// | `RESP_abc` | `RESP_abc=h` and 16 digits | upper-case letters ask for a hash of the id, lest `resp_abc` collide where case is ignored |
/// | 300 bytes | the beginning, `=h` and 16 digits | what had to be cut off is in the hash |
///
/// No escape begins with `=h`, so a hash is never mistaken for a part of an id.
struct InboxFileName: Sendable, Hashable {
    static let maximumBytes = 200
    private static let hashDigits = 16

    /// Without its extension.
    let stem: String

    /// - Parameter apart: Whether to tell the event from another upstream's that has the same time, id and outcome: `=e` and 16 digits of a
    ///   hash of the event's id are added.
    init(_ event: Event, apart: Bool = false) {
        let time = Self.compact(event.createdAt)
        let outcome = Self.outcome(event.type)
        let room = Self.maximumBytes - time.utf8.count - outcome.utf8.count - "..".utf8.count - ".json".utf8.count
        let mark = apart ? "=e" + Self.hash(event.id.rawValue) : ""
        let subject = Self.escape(event.response?.rawValue ?? event.id.rawValue, room: room - mark.utf8.count)
        stem = "\(time).\(subject)\(mark).\(outcome)"
    }

    var json: String { stem + ".json" }
    var text: String { stem + ".txt" }

    /// `20261123T061208Z`, from `2026-11-23T06:12:08.123Z`.
    private static func compact(_ time: Timestamp) -> String {
        time.rfc3339.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// `completed` for `response.completed`; other types whole, as `watch-lost`. Without a dot, so that the parts of a name are clear.
    private static func outcome(_ type: EventType) -> String {
        let prefix = "response."
        return type.rawValue.hasPrefix(prefix) ? String(type.rawValue.dropFirst(prefix.count)) : type.rawValue.replacing(".", with: "-")
    }

    private static func escape(_ id: String, room: Int) -> String {
        let pieces = id.utf8.map { isPlain($0) ? String(Unicode.Scalar($0)) : escape($0) }
        let length = pieces.reduce(0) { $0 + $1.utf8.count }
        let hasUpperCase = id.utf8.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
        guard hasUpperCase || length > room else { return pieces.joined() }
        let mark = "=h" + hash(id)
        var kept = room - mark.utf8.count
        let beginning = pieces.prefix { piece in
            kept -= piece.utf8.count
            return kept >= 0
        }
        return beginning.joined() + mark
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        "=" + Hex.encode([byte]).uppercased()
    }

    private static func hash(_ text: String) -> String {
        String(Hex.encode(SHA256.digest(of: Array(text.utf8))).prefix(hashDigits))
    }
}
