import RingbackCore
import Transport

/// What a call to the proxy is about, by its path below `/responses` and its method.
struct RelayTarget: Sendable {
    enum Kind: Sendable, Hashable {
        case create
        case retrieve(ResponseID)
        case delete(ResponseID)
        case cancel(ResponseID)
        /// Everything else the API has or will have; of a response, when the path begins with what may be one's id.
        case other(ResponseID?)
    }

    let method: TransferRequest.Method
    /// The decoded segments after `responses`.
    let segments: [String]
    let kind: Kind

    /// - Parameters:
    ///   - path: Encoded, without the query.
    ///   - prefix: How many of its segments lead to `responses`, this one included.
    /// - Throws: ``Problem`` when the path could lead to another part of the upstream than it seems to.
    init(method: TransferRequest.Method, path: String, prefix: Int) throws(Problem) {
        self.method = method
        var segments: [String] = []
        // Empty segments mean nothing to the router, so they mean nothing here: a create with a slash at its end is a create.
        for text in path.split(separator: "/").dropFirst(prefix) {
            guard let segment = PercentEncoding.decode(text), Self.isPlain(segment) else {
                throw Problem(.invalidRequest, "a part of the path is not one that can be passed on to an upstream")
            }
            segments.append(segment)
        }
        self.segments = segments
        kind = Self.kind(method, segments)
    }

    /// Whether a segment stays one segment, and this one, whoever reads the URL on its way.
    private static func isPlain(_ segment: String) -> Bool {
        segment != "." && segment != ".."
            && segment.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }

    private static func kind(_ method: TransferRequest.Method, _ segments: [String]) -> Kind {
        let id = segments.first.flatMap { text in
            // What cannot be an id is one of the API's own words, or nothing: the upstream knows.
            try? ResponseID(validating: text)
        }
        switch (method, segments.count, id) {
        case (.post, 0, _): return .create
        case (.get, 1, let id?): return .retrieve(id)
        case (.delete, 1, let id?): return .delete(id)
        case (.post, 2, let id?) where segments[1] == "cancel": return .cancel(id)
        case (.get, _, _), (.post, _, _), (.put, _, _), (.patch, _, _), (.delete, _, _), (.options, _, _): return .other(id)
        }
    }
}
