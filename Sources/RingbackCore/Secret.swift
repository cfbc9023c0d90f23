/// A credential or signing key that never prints itself.
///
/// String interpolation, `print`, `dump`, mirrors and logs show `<redacted>`. It is not `Codable` on purpose: whoever
/// writes one down calls ``reveal()``, which is easy to search for.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The text itself. Every call is a place where a secret leaves its box: a header, a signature, a sealed column.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
