/// A final response object that was too large to be kept (`retention.max_response_size`).
package struct OversizedResponse: Sendable, Hashable {
    /// How many bytes of it were read: all of them, unless it was larger than anything that is read.
    package let size: Int
    /// The limit that was in force.
    package let limit: Int

    package init(size: Int, limit: Int) {
        self.size = size
        self.limit = limit
    }
}

extension OversizedResponse: CustomStringConvertible {
    package var description: String {
        "the response object was not kept: it has \(size) bytes, and retention.max_response_size is \(ByteCount(limit).text)"
    }
}
