package import RawJSON

/// A request as it goes out.
package struct RenderedRequest: Sendable {
    package let kind: RequestKind
    package let method: String
    package let url: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]?
    /// What the answer to a search has to hold; `nil` for anything.
    package let confirmation: String?

    /// For people and for programs that look at what would be sent.
    package var json: JSON {
        let text = body.map { String(decoding: $0, as: UTF8.self) }
        let isJSON = headers.contains { $0.name == "Content-Type" && $0.value.hasPrefix("application/json") }
        return [
            "request": .string(kind.rawValue), "method": .string(method), "url": .string(url),
            "headers": .object(headers.map { JSON.Member($0.name, .string($0.value)) }),
            "body": isJSON ? .raw(body ?? []) : text.map { .string($0) } ?? .null,
        ]
    }
}

/// Why a preset cannot make a request of an event. No attempt could ever succeed.
package enum RenderingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Even with all values cut to nothing.
    case fieldTooLong(String, TextLimit)
    case bodyTooLarge(RequestKind, Int)
    case url(RequestKind)
    case header(String)

    package var description: String {
        switch self {
        case .fieldTooLong(let name, let limit): "the preset's field '\(name)' is longer than \(limit) by its own words alone"
        case .bodyTooLarge(let kind, let limit):
            "the body of '\(kind.rawValue)' is larger than \(limit) bytes by the preset's own words alone"
        case .url(let kind): "the URL of '\(kind.rawValue)' is none"
        case .header(let name): "the header '\(name)' would have a line break or a control character"
        }
    }
}
