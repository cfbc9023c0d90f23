import Cryptography
import ResponsesAPI
import RingbackCore

/// Stands for a server and a credential without telling either: a digest under a key that lives and dies with the process.
struct CredentialKey: Sendable, Hashable {
    private let digest: [UInt8]

    fileprivate init(_ digest: [UInt8]) {
        self.digest = digest
    }
}

extension CredentialKey: CustomStringConvertible, CustomReflectable {
    // Even the digest stays here: whoever has it could tell whether two callers share a key.
    var description: String { "<credential>" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// Makes ``CredentialKey``s; those of one maker can be compared.
struct CredentialDigest: Sendable {
    private let code = HMACSHA256(key: SecureRandom.bytes(HMACSHA256.byteCount))

    func key(of credential: RequestCredential) -> CredentialKey {
        // Each part goes with its length, so that no two lists of parts read as one.
        let parts = [credential.server] + credential.fields.flatMap { [$0.name, $0.value.reveal()] }
        let text = parts.flatMap { part in Array("\(part.utf8.count):".utf8) + Array(part.utf8) }
        return CredentialKey(code.authenticationCode(for: text))
    }
}
