import Cryptography
import RingbackCore

/// The id of a response as a proxy shows it that wraps the vendor's own id anew at every look, as LiteLLM does: 453 characters, `-`, `_`
/// and `=` among them. It only has to look like a cipher text; it keeps no secret.
enum SealedID {
    static let prefix = "resp_"
    /// With the padding character they make 448 characters of base 64.
    private static let byteCount = 335

    static func seal(_ id: String, _ dice: Dice) -> String {
        var bytes = Array(id.utf8.map { $0 ^ 0xA5 }) + [0]
        while bytes.count < byteCount { bytes.append(UInt8(dice.fraction() * 256)) }
        let text = Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
        return prefix + text
    }

    /// - Returns: `nil` for anything that is not sealed.
    static func open(_ sealed: String) -> String? {
        let text = String(sealed.dropFirst(prefix.count)).replacing("-", with: "+").replacing("_", with: "/")
        guard sealed.hasPrefix(prefix), let bytes = Base64.decode(text), bytes.count == byteCount else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }.map { $0 ^ 0xA5 }, as: UTF8.self)
    }
}
