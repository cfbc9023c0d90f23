import RawJSON

/// One page of a list as the Responses API pages: `after` and `before` are ids of elements.
struct ListPage {
    /// How to page, as the query says it.
    struct Query {
        static let limits = 1...100
        static let usualLimit = 20

        let limit: Int
        let isAscending: Bool
        let after: String?
        let before: String?

        /// - Throws: ``InvalidListQuery`` with the parameter.
        init(limit: String?, order: String?, after: String?, before: String?) throws(InvalidListQuery) {
            let limit = limit.map { Int($0) ?? 0 } ?? Self.usualLimit
            guard Self.limits.contains(limit) else {
                throw InvalidListQuery(parameter: "limit", expected: "a whole number from 1 to 100")
            }
            guard ["asc", "desc", nil].contains(order) else { throw InvalidListQuery(parameter: "order", expected: "asc or desc") }
            self.limit = limit
            isAscending = order == "asc"
            self.after = after
            self.before = before
        }
    }

    let ids: [String]
    let hasMore: Bool

    /// - Parameter ids: The ids of all elements, the oldest first.
    /// - Throws: ``InvalidListQuery`` when `after` or `before` names no element.
    init(of ids: [String], _ query: Query) throws(InvalidListQuery) {
        var rest = query.isAscending ? ids : ids.reversed()
        if let after = query.after {
            guard let index = rest.firstIndex(of: after) else { throw .unknown("after") }
            rest.removeSubrange(...index)
        }
        if let before = query.before {
            guard let index = rest.firstIndex(of: before) else { throw .unknown("before") }
            rest.removeSubrange(index...)
        }
        self.ids = Array(rest.prefix(query.limit))
        hasMore = rest.count > query.limit
    }

    /// The page as it goes over the wire.
    func json(_ elements: [JSON]) -> JSON {
        [
            "object": "list", "data": .array(elements), "first_id": ids.first.map { .string($0) } ?? .null,
            "last_id": ids.last.map { .string($0) } ?? .null, "has_more": .bool(hasMore),
        ]
    }
}

/// What is wrong with a list's query.
struct InvalidListQuery: Error, Sendable {
    let parameter: String
    let expected: String

    static func unknown(_ parameter: String) -> InvalidListQuery {
        InvalidListQuery(parameter: parameter, expected: "the id of an element of the list")
    }
}
