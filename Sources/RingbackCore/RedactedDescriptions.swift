// Text that is made of these values without a second thought, in a log line or by whoever prints a value that holds them, shows no URL's
// query: tokens are put there. Swift's own description of a struct would show every property that is not a `Secret`.

extension Upstream: CustomStringConvertible {
    package var description: String { "upstream \(name) at \(withoutQuery(baseURL))" }
}

extension WebhookTarget: CustomStringConvertible {
    package var description: String { "webhook \(withoutQuery(url))" }
}

extension Callback: CustomStringConvertible {
    package var description: String { "callback \(withoutQuery(url))" }
}

private func withoutQuery(_ url: String) -> Substring {
    url.prefix { $0 != "?" }
}
