package import Store

/// The envelope of every list (contract, section 5).
package struct ListObject<Element: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    package var data: [Element]
    package var hasMore: Bool
    /// The `cursor` of the next page.
    @Nullable package var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case nextCursor = "next_cursor"
    }
}

extension ListObject {
    package init<Row>(_ page: Page<Row>, _ show: (Row) -> Element) {
        data = page.elements.map(show)
        hasMore = page.nextCursor != nil
        nextCursor = page.nextCursor?.text
    }
}
