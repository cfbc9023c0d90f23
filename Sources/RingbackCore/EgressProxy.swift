/// A proxy by which callbacks leave the operator's network: an HTTP proxy, or a SOCKS 5 proxy.
///
/// It is the operator's own and is not judged by the guard, which judges where a callback goes behind it.
package struct EgressProxy: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// `CONNECT` for targets with https, and whole requests for those with http (RFC 9110, section 9.3.6; RFC 9112, section 3.2.2).
        case http
        /// SOCKS 5 (RFC 1928); the "h" is curl's, for a proxy that is given names.
        case socks5h
    }

    /// Who makes an address of the name of a callback that the guard judges. Endpoints of the configuration file are not judged: their
    /// names are always left to the proxy.
    package enum Resolution: String, Sendable, Hashable, CaseIterable {
        /// Ringback. Each address is judged, and the proxy is told an address that was: it cannot be led elsewhere.
        case here
        /// The proxy, where names of the outside do not resolve inside. The guard then judges the URL by itself, and addresses that stand
        /// in it; what a name leads to is for the proxy to judge.
        case proxy
    }

    package struct Credentials: Sendable, Hashable {
        package let username: Secret
        package let password: Secret

        package init(username: Secret, password: Secret) {
            self.username = username
            self.password = password
        }
    }

    /// The longest name and password (RFC 1929, section 2).
    package static let maximumCredentialBytes = 255

    package let scheme: Scheme
    /// A name, or an address without its brackets.
    package let host: String
    package let port: Int
    package let credentials: Credentials?
    package let resolution: Resolution

    /// - Parameters:
    ///   - text: `http://proxy.example.com:3128`; a name and a password may stand before the host, percent-encoded.
    ///   - credentials: Those that are given beside the URL.
    /// - Throws: ``InvalidProxy``, in words that hold nothing of `text`.
    package init(
        validating text: String, credentials: Credentials? = nil, resolution: Resolution = .here
    ) throws(InvalidProxy) {
        guard let mark = text.firstRange(of: "://") else { throw .scheme }
        guard let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased()) else { throw .scheme }
        var authority = text[mark.upperBound...]
        if authority.hasSuffix("/") { authority.removeLast() }
        guard !authority.contains(where: { "/?#".contains($0) }) else { throw .path }
        var own: Credentials?
        if let at = authority.lastIndex(of: "@") {
            own = try Self.credentials(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        guard own == nil || credentials == nil else { throw .twoCredentials }
        let target: HTTPURL
        do {
            // The same reading of hosts and ports as everywhere else.
            target = try HTTPURL(validating: "http://\(authority)")
        } catch {
            throw .host(error)
        }
        guard let port = target.port else { throw .noPort }
        self.scheme = scheme
        host = target.host
        self.port = port
        self.credentials = own ?? credentials
        self.resolution = resolution
        guard [self.credentials?.username, self.credentials?.password].allSatisfy(Self.isUsable) else { throw .credentials }
        guard self.credentials?.username.reveal().contains(":") != true else { throw .credentials }
    }

    /// Without credentials: fit for logs and for people, and what libcurl is given (CURLOPT_PROXY).
    package var address: String {
        "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    private static func isUsable(_ secret: Secret?) -> Bool {
        guard let bytes = secret?.reveal().utf8 else { return true }
        return bytes.count <= maximumCredentialBytes && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static func credentials(_ userInfo: Substring) throws(InvalidProxy) -> Credentials {
        let colon = userInfo.firstIndex(of: ":")
        let password = colon.map { userInfo[userInfo.index(after: $0)...] } ?? ""
        guard let name = decode(userInfo[..<(colon ?? userInfo.endIndex)]), let password = decode(password), !name.isEmpty else {
            throw .credentials
        }
        return Credentials(username: Secret(name), password: Secret(password))
    }

    /// RFC 3986, section 2.1.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Why a text is no proxy's address.
package enum InvalidProxy: Error, Sendable, Hashable {
    case scheme
    case host(InvalidURL)
    case noPort
    case path
    /// An empty name, a name with a colon, a control character, or more than ``EgressProxy/maximumCredentialBytes``.
    case credentials
    /// In the URL and beside it.
    case twoCredentials
}

extension InvalidProxy: CustomStringConvertible {
    package var description: String {
        switch self {
        case .scheme: "a proxy's URL begins with http:// or socks5h://: write for example http://proxy.example.com:3128"
        case .host(let error): "the proxy's host cannot be used: \(error)"
        case .noPort: "the proxy's URL has no port: write for example http://proxy.example.com:3128"
        case .path: "a proxy's URL ends with its port: remove what comes after it"
        case .credentials:
            "the proxy's user name or password cannot be used: a name has no colon, neither has control characters or more than "
                + "\(EgressProxy.maximumCredentialBytes) bytes, and in a URL both are percent-encoded"
        case .twoCredentials: "credentials stand in the proxy's URL and beside it: keep one of them"
        }
    }
}

/// Which way the callbacks of an endpoint take.
package enum ProxyRule: Sendable, Hashable {
    /// The way of all callbacks: by the configured proxy, if there is one.
    case standard
    /// Past every proxy.
    case direct
    case by(EgressProxy)

    /// - Parameter standard: The proxy for all callbacks, as it is configured now.
    package func proxy(standard: EgressProxy?) -> EgressProxy? {
        switch self {
        case .standard: standard
        case .direct: nil
        case .by(let proxy): proxy
        }
    }
}
