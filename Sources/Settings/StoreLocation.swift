package import RingbackCore

/// Which database holds everything that must not be lost (contract, section 4, `store`).
package enum StoreLocation: Sendable, Hashable {
    /// A SQLite file, for one node.
    case sqlite(path: String)
    /// A PostgreSQL database, for several nodes. The URL may hold a password.
    case postgres(url: Secret)

    /// `sqlite:./data/ringback.db`
    package static let standard = StoreLocation.sqlite(path: "./data/ringback.db")

    /// Why a text names no store; never shows the text of a URL, which may hold a password.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `sqlite:PATH` or `postgres://…`.
    package init(validating text: String) throws(Invalid) {
        let scheme = text.prefix { $0 != ":" }
        switch scheme.lowercased() {
        case "sqlite" where text.contains(":"):
            self = .sqlite(path: try Self.path(after: String(text.dropFirst(scheme.count + 1))))
        case "postgres" where text.contains(":"), "postgresql" where text.contains(":"):
            guard text.dropFirst(scheme.count).hasPrefix("://") else {
                throw Invalid(description: "the URL has no '//' behind its scheme: write postgres://user@host/database")
            }
            self = .postgres(url: Secret(text))
        default:
            let looksLikePath = !text.contains("://") && !text.contains("@")
            throw Invalid(description: "a store begins with sqlite: or postgres:" + (looksLikePath ? ": write sqlite:\(text)" : ""))
        }
    }

    private static func path(after text: String) throws(Invalid) -> String {
        // `sqlite:///var/lib/x.db` is the same file as `sqlite:/var/lib/x.db`; with two slashes the first word would be a host.
        let path = text.hasPrefix("///") ? String(text.dropFirst(2)) : text
        guard !path.isEmpty else { throw Invalid(description: "the file of the store is missing: write sqlite:./data/ringback.db") }
        guard !path.hasPrefix("//") else {
            let rest = path.drop { $0 == "/" }
            throw Invalid(description: "'\(path)' is not a path: write sqlite:./\(rest) or sqlite:/\(rest)")
        }
        guard !path.hasPrefix(":memory:") else {
            throw Invalid(description: "a store in memory would lose what it acknowledged: write sqlite:./data/ringback.db")
        }
        guard !path.hasSuffix("/"), !path.contains("\0") else {
            throw Invalid(description: "'\(path)' is a directory: write the path of a file in it, such as sqlite:\(path)ringback.db")
        }
        return path
    }
}

extension StoreLocation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres: "postgres:<redacted>"
        }
    }
}
