import RingbackCore

extension ProxyRule {
    /// Reads `proxy` of an endpoint: `none`, a URL, or `{ url, username, password, resolve }`.
    ///
    /// - Returns: ``standard`` when it is not there, and after a report.
    static func reading(_ key: String, of fields: Fields) -> ProxyRule {
        if let value = fields.value(key), case .text("none") = value.content { return .direct }
        return EgressProxy.reading(key, of: fields).map { .by($0) } ?? .standard
    }
}

extension EgressProxy {
    /// Reads a proxy: a URL, or `{ url, username, password, resolve }`; the URL and the password also from files.
    ///
    /// - Returns: `nil` when there is none, or after a report.
    static func reading(_ key: String, of fields: Fields) -> EgressProxy? {
        guard let value = fields.value(key) else { return nil }
        if case .text = value.content {
            return fields.text(key).flatMap { checked($0, at: key, in: fields) }
        }
        guard let proxy = fields.fields(key) else { return nil }
        let url = proxy.textOrFile("url")
        let username = proxy.secret("username")
        let password = proxy.secret("password")
        let resolution = proxy.choice("resolve", default: Resolution.here)
        if !proxy.has("url"), !proxy.has("url_file") { proxy.reportMissing("url", example: "http://proxy.example.com:3128") }
        if password != nil, username == nil { proxy.reportMissing("username", example: "ringback") }
        proxy.finish()
        guard let url else { return nil }
        let credentials = username.map { Credentials(username: $0, password: password ?? Secret("")) }
        return checked(url, credentials, resolution, at: proxy.has("url") ? "url" : "url_file", in: proxy)
    }

    private static func checked(
        _ text: String, _ credentials: Credentials? = nil, _ resolution: Resolution = .here, at key: String, in fields: Fields
    ) -> EgressProxy? {
        do {
            return try EgressProxy(validating: text, credentials: credentials, resolution: resolution)
        } catch {
            fields.report("\(error)", at: key)
            return nil
        }
    }
}
