import RawJSON
import RingbackCore

/// A response as an upstream's list shows it.
struct ListedResponse: Sendable, Hashable {
    let id: ResponseID
    let createdAt: Timestamp
    let facts: CreateFacts
}

/// One page of `GET {base}/responses`, newest first.
struct ResponseListPage: Sendable {
    /// Without those that say no usable id or no time: they cannot be told from others.
    let responses: [ListedResponse]
    /// What the next page comes after; `nil` on the last one.
    let next: String?

    /// - Returns: `nil` when the body is no such page.
    init?(json: [UInt8]) {
        do {
            try self.init(reading: json)
        } catch {
            // Not JSON, or not an object: whoever answered has no list.
            return nil
        }
    }

    private init?(reading json: [UInt8]) throws(JSONError) {
        let bytes = json.span
        let members = try JSONText.members(["data", "has_more", "last_id"], in: bytes)
        guard let data = members["data"], data.kind == .array else { return nil }
        var responses: [ListedResponse] = []
        var elements = try RawElements(of: data, in: bytes)
        var lastID: String?
        while let element = try elements.next(in: bytes) {
            guard element.kind == .object else { continue }
            let object = element.bytes(in: bytes)
            let fields = try JSONText.members(["id", "created_at", "created"], in: object.span)
            lastID = fields["id"]?.string(in: object.span) ?? lastID
            if let response = try ListedResponse(object, fields) { responses.append(response) }
        }
        self.responses = responses
        let hasMore = members["has_more"]?.bool(in: bytes) ?? false
        next = hasMore ? members["last_id"]?.string(in: bytes) ?? lastID : nil
    }
}

extension ListedResponse {
    fileprivate init?(_ object: [UInt8], _ fields: [String: RawValue]) throws(JSONError) {
        let bytes = object.span
        guard let text = fields["id"]?.string(in: bytes), let time = fields["created_at"] ?? fields["created"],
            let createdAt = Self.time(time, in: bytes)
        else { return nil }
        do {
            id = try ResponseID(validating: text)
        } catch {
            return nil
        }
        self.createdAt = createdAt
        facts = try CreateFacts(json: object)
    }

    /// Seconds since 1970, whole or not, or RFC 3339.
    private static func time(_ value: RawValue, in bytes: Span<UInt8>) -> Timestamp? {
        if let text = value.string(in: bytes) { return Timestamp(rfc3339: text) }
        guard value.kind == .number, let seconds = Double(String(decoding: value.bytes(in: bytes), as: UTF8.self)),
            abs(seconds) < 1e12
        else { return nil }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}
