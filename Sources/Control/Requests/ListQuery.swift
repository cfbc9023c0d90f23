import RingbackCore
import Store

/// The query of a list: `limit`, `cursor` and the list's own filters, read strictly.
struct ListQuery {
    private static let pageNames = ["limit", "cursor"]

    private let values: [String: String]
    private let problems = FieldProblems()

    /// - Parameters:
    ///   - query: What stands after `?`, still encoded.
    ///   - filters: The names this list knows beside `limit` and `cursor`.
    init(_ query: String?, filters: [String]) {
        var values: [String: String] = [:]
        for part in (query ?? "").split(separator: "&", omittingEmptySubsequences: true) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = pair.count == 2 ? PercentEncoding.decode(pair[1], plusIsSpace: true) : ""
            else {
                problems.add("#", "the query holds a broken percent-escape")
                continue
            }
            if !(Self.pageNames + filters).contains(name) {
                let suggestion = Suggestion.text(for: name, among: Self.pageNames + filters)
                problems.add("\(Pointer.root / name)", "this list has no filter of that name.\(suggestion)")
            } else if values.updateValue(value, forKey: name) != nil {
                problems.add("\(Pointer.root / name)", "the filter is given twice: give it once")
            }
        }
        // A filter without a value filters nothing, as in "?status=&upstream=default".
        self.values = values.filter { !$0.value.isEmpty }
    }

    func page() -> PageRequest {
        var limit = PageRequest.defaultLimit
        if let text = values["limit"] {
            if let number = Int(text), (1...PageRequest.maximumLimit).contains(number) {
                limit = number
            } else {
                problems.add("\(Pointer.root / "limit")", "write a whole number from 1 to \(PageRequest.maximumLimit)")
            }
        }
        var cursor: PageCursor?
        if let text = values["cursor"] {
            cursor = PageCursor(text: text)
            if cursor == nil { problems.add("\(Pointer.root / "cursor")", "this is not a cursor: pass the next_cursor of the page before") }
        }
        return PageRequest(limit: limit, cursor: cursor)
    }

    /// A filter that is an identifier of ours: any text may be asked for, and finds nothing if it is none.
    func identifier<Value: Identifier>(_ name: String) -> Value? {
        values[name].map { Value(trusted: $0) }
    }

    func text(_ name: String) -> String? {
        values[name]
    }

    /// A filter with a closed list of values.
    func choice<Value: RawRepresentable & CaseIterable>(_ name: String) -> Value? where Value.RawValue == String {
        guard let text = values[name] else { return nil }
        if let value = Value(rawValue: text) { return value }
        let suggestion = Suggestion.text(for: text, among: Value.allCases.map(\.rawValue))
        problems.add("\(Pointer.root / name)", "there is no such value.\(suggestion)")
        return nil
    }

    func time(_ name: String) -> Timestamp? {
        guard let text = values[name] else { return nil }
        if let time = Timestamp(rfc3339: text) { return time }
        problems.add("\(Pointer.root / name)", "write a time of RFC 3339, such as 2026-11-23T06:00:00Z (in a URL, '+' is written %2B)")
        return nil
    }

    /// Call it last.
    ///
    /// - Throws: ``Problem`` with everything that was wrong with the query.
    func check() throws(Problem) {
        try problems.check()
    }
}
