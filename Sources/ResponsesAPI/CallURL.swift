import RingbackCore

/// Puts together the URLs of an upstream's calls from its base URL, its create path and what one call adds.
///
/// The base URL may carry a path and a query, such as Azure's `api-version`: both belong on every call.
struct CallURL {
    private let base: Substring
    private let baseQuery: Substring
    private let createPath: String

    init(_ upstream: Upstream) {
        let question = upstream.baseURL.firstIndex(of: "?") ?? upstream.baseURL.endIndex
        var base = upstream.baseURL[..<question]
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
        baseQuery = upstream.baseURL[question...].dropFirst()
        createPath = upstream.createPath ?? "/responses"
    }

    /// `{base}{create_path}`
    func create(query: String? = nil) -> String {
        base + createPath + whole(query)
    }

    /// `{base}/responses` and what is below it.
    ///
    /// - Parameters:
    ///   - segments: Of the path, as they are meant; they are percent-encoded here.
    ///   - query: Percent-encoded, without its `?`.
    func below(_ segments: [String], query: String? = nil) -> String {
        ([base + "/responses"] + segments.map(PathSegment.encode)).joined(separator: "/") + whole(query)
    }

    /// The base URL's parameters and then the call's. What the base URL has already is the operator's word: a call's parameter of the same
    /// name is left out, so that no server has to choose between the two.
    private func whole(_ query: String?) -> String {
        let fixed = Set(parameters(baseQuery).map(name(of:)))
        let added = parameters(Substring(query ?? "")).filter { !fixed.contains(name(of: $0)) }
        let whole = (parameters(baseQuery) + added).joined(separator: "&")
        return whole.isEmpty ? "" : "?" + whole
    }

    private func parameters(_ query: Substring) -> [Substring] {
        query.split(separator: "&")
    }

    /// What a parameter is called for its reader, however it is written: `api%2Dversion` is `api-version`.
    private func name(of parameter: Substring) -> [UInt8] {
        var rest = parameter.utf8.prefix { $0 != UInt8(ascii: "=") }
        var name: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                name.append(UInt8(digits[0] << 4 | digits[1]))
                rest = rest.dropFirst(2)
            } else {
                name.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return name
    }
}
