import Cryptography

/// Seals secrets with the current key and opens what was sealed with it or with a previous one.
///
/// A sealed value is: the version (1 byte, ``version``), the key's id (4), the nonce (12), the ciphertext, the tag (16). Version, key id and
/// the ``SealedPlace`` are authenticated with it, so that a value cannot be moved to another place. An older value of the same place does open:
/// whoever can write the database can turn it back.
package struct Sealer: Sendable {
    /// The first byte of a sealed value. JSON text, which is what older versions left in its place, cannot begin with it.
    package static let version: UInt8 = 1
    private static let headerBytes = 1 + SealingKey.ID.byteCount

    package let current: SealingKey.ID
    private let ciphers: [SealingKey.ID: AESGCM]

    /// - Parameters:
    ///   - key: Seals from now on.
    ///   - previous: Only open.
    package init(key: SealingKey, previous: [SealingKey] = []) {
        current = key.id
        ciphers = Dictionary(([key] + previous).map { ($0.id, $0.cipher) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether what was sealed with a key can be opened.
    package func knows(_ id: SealingKey.ID) -> Bool {
        ciphers[id] != nil
    }

    /// The first bytes of all values sealed with the current key, for finding the others.
    package var currentHeader: [UInt8] { [Self.version] + current.bytes }

    package func seal(_ text: [UInt8], at place: SealedPlace) -> [UInt8] {
        guard let cipher = ciphers[current] else { preconditionFailure("a sealer has its own key") }
        let box = cipher.seal(text, associatedData: currentHeader + place.bytes)
        return currentHeader + box.nonce + box.ciphertext + box.tag
    }

    /// - Throws: ``SealingError`` when it was sealed with a key that is not known, is not from this place, or was changed.
    package func open(_ sealed: [UInt8], at place: SealedPlace) throws(SealingError) -> [UInt8] {
        let header = sealed.prefix(Self.headerBytes)
        guard header.first == Self.version, let id = SealingKey.ID(bytes: header.dropFirst()),
            sealed.count >= Self.headerBytes + AESGCM.nonceBytes + AESGCM.tagBytes
        else { throw .notSealed(place) }
        guard let cipher = ciphers[id] else { throw .unknownKey(id) }
        let body = sealed.dropFirst(Self.headerBytes)
        let box = AESGCM.Box(
            nonce: Array(body.prefix(AESGCM.nonceBytes)),
            ciphertext: Array(body.dropFirst(AESGCM.nonceBytes).dropLast(AESGCM.tagBytes)),
            tag: Array(body.suffix(AESGCM.tagBytes))
        )
        guard let text = cipher.open(box, associatedData: Array(header) + place.bytes) else { throw .damaged(place) }
        return text
    }
}

/// Where a sealed value belongs.
package struct SealedPlace: Sendable, Hashable, CustomStringConvertible {
    package let table: String
    package let column: String
    /// What names the row for ever, such as a watch's id.
    package let row: String

    package init(table: String, column: String, row: String) {
        self.table = table
        self.column = column
        self.row = row
    }

    /// Each part preceded by its length, so that no two places read the same.
    var bytes: [UInt8] {
        [table, column, row].flatMap { Array("\($0.utf8.count):".utf8) + Array($0.utf8) }
    }

    /// Without the row: its name is not needed to know what to do.
    package var description: String { "\(table).\(column)" }
}

/// Why a sealed value does not open.
package enum SealingError: Error, Sendable, Hashable {
    /// There is something else, such as text in the clear.
    case notSealed(SealedPlace)
    case unknownKey(SealingKey.ID)
    /// It was changed, or belongs elsewhere.
    case damaged(SealedPlace)
}

extension SealingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notSealed(let place): "a value of \(place) is not sealed, so it was put there by hand: restore the store from a backup"
        case .unknownKey(let id):
            "a value was sealed with another key (id \(id)): give that key as master_key, or among previous_master_keys"
        case .damaged(let place):
            "a sealed value of \(place) was changed or moved since it was sealed: restore the store from a backup"
        }
    }
}
