package import RingbackCore

/// Under which account an upstream counts a call: the server, and the header fields that carry the caller's credential.
package struct RequestCredential: Sendable {
    /// `https://api.openai.com:443`: two base URLs at one server share its rate limit.
    package let server: String
    /// Names in lower case, in the order of the alphabet.
    package let fields: [HeaderField]
}

extension ResponsesClient {
    /// - Parameter headers: The watch's own, which may replace the upstream's credential.
    package func credential(headers: [HeaderField]) -> RequestCredential {
        var names = Self.credentialNames
        if let name = upstream.apiKeyHeader { names.insert(name.lowercased()) }
        let fields = RequestHeaders.merged(own: [], watch: headers, upstream: upstream)
            .map { (name: $0.name.lowercased(), value: $0.value) }
            .filter { names.contains($0.name) }
            .sorted { $0 < $1 }
        return RequestCredential(server: server, fields: fields.map { HeaderField($0.name, Secret($0.value)) })
    }

    /// Where vendors look for a key, whether or not this upstream's configuration says so.
    private static let credentialNames: Set<String> = ["authorization", "api-key", "x-api-key"]

    private var server: String {
        do {
            let url = try HTTPURL(validating: upstream.baseURL)
            return "\(url.scheme.rawValue)://\(url.host):\(url.effectivePort)"
        } catch {
            // Settings let no such URL through; as a text it is a server of its own.
            return upstream.baseURL
        }
    }
}
