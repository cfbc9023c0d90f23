import RingbackCore

/// What the ids of a vendor's responses look like.
struct IDShape: Sendable, Hashable {
    enum Alphabet: Sendable, Hashable {
        case hex
        case alphanumeric
        /// Hexadecimal with dashes, as UUIDs are written; the length does not matter.
        case uuid
    }

    var prefix: String
    var alphabet: Alphabet
    var length: Int
    /// The id is shown under seal, and under another seal each time: see ``SealedID``.
    var isSealed = false

    func make(_ dice: Dice) -> String {
        switch alphabet {
        case .hex: prefix + Self.text(length, of: "0123456789abcdef", dice)
        case .alphanumeric: prefix + Self.text(length, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", dice)
        case .uuid: prefix + [8, 4, 4, 4, 12].map { Self.text($0, of: "0123456789abcdef", dice) }.joined(separator: "-")
        }
    }

    private static func text(_ length: Int, of alphabet: String, _ dice: Dice) -> String {
        let characters = Array(alphabet)
        return String((0..<length).map { _ in characters[Int(dice.fraction() * Double(characters.count))] })
    }
}
