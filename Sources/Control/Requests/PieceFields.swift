import RingbackCore
import Store

/// Members of a request for a lot of work, for clients that want it done piece by piece and see how far it is: `limit`, and the `cursor`
/// that the answer to the piece before gave.
struct PieceFields {
    static let maximumLimit = 100_000

    /// At most so many; `nil` for all.
    let limit: Int?
    let cursor: PageCursor?

    init(_ fields: Fields) {
        limit = fields.integer("limit", in: 1...Self.maximumLimit)
        let text = fields.string("cursor")
        cursor = text.flatMap { PageCursor(text: $0) }
        if text != nil, cursor == nil { fields.report("cursor", "this is not a cursor: pass the next_cursor of the answer before") }
    }
}

extension Fields {
    /// Complains when a span of time ends before it begins.
    func checkOrder(_ since: Timestamp?, _ until: Timestamp?) {
        if let since, let until, until <= since { report("until", "this is not later than since: nothing lies between them") }
    }
}
