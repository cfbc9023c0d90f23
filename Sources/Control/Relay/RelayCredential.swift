import Cryptography
import HTTPTypes
import RingbackCore

/// A client's own key for an upstream with `credentials: passthrough`: the upstream judges it, Ringback only passes it on and compares.
struct RelayCredential: Sendable {
    /// As it goes to the upstream.
    let header: HeaderField
    private let digest: [UInt8]

    init(_ header: HeaderField) {
        self.header = header
        digest = SHA256.digest(of: Array("\(header.name.lowercased()): \(header.value.reveal())".utf8))
    }

    /// - Returns: `nil` when the client sent none.
    init?(_ headers: HTTPFields, upstream: Upstream) {
        let names = [upstream.apiKeyHeader, "Authorization"].compactMap { $0 }
        let found = names.compactMap { text in
            HTTPField.Name(text).flatMap { headers[$0] }.map { HeaderField(text, Secret($0)) }
        }
        guard let header = found.first(where: { !$0.value.isEmpty }) else { return nil }
        self.init(header)
    }

    /// Whether a watch was made with this very credential. Takes the same time for every wrong one.
    func made(_ watch: Watch, at upstream: Upstream) -> Bool {
        watch.headers.contains { upstream.isCredential($0.name) && ConstantTime.equals(RelayCredential($0).digest, digest) }
    }

    /// Whether this is a token of Ringback's own.
    func carries(_ token: AccessToken) -> Bool {
        let text = header.value.reveal()
        let bare = text.split(separator: " ").last.map(String.init) ?? text
        return ConstantTime.equals(SHA256.digest(of: Array(bare.utf8)), token.digest)
    }

    /// Tells callers apart in this process's memory without being their key.
    var fingerprint: String { Hex.encode(digest.prefix(16)) }
}
