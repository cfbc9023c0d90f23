import RawJSON
package import RingbackCore

/// A response object as the upstream gave it, with the few fields Ringback looks at read out of it.
///
/// Vendors leave fields out, set them to null, or give them other kinds; only `status` is asked for.
package struct ResponseObject: Sendable, Hashable {
    /// The object byte for byte; empty when it is not ``isWhole``.
    package let bytes: [UInt8]
    /// How many bytes the object has; of one that was too large to be read to its end, how many were read.
    package let size: Int
    /// Whether ``bytes`` holds the object. Of one that was too large to be held only the fields here are known.
    package let isWhole: Bool
    /// The vendor's `id`, or `response_id` in answers to a cancel. Not for identity: some vendors change it with every call.
    package let id: String?
    /// The vendor's word, whatever it is.
    package let status: String
    package let model: String?
    /// The JSON text of `usage`, when it is an object.
    package let usage: [UInt8]?
    /// The members of `metadata` that are strings.
    package let metadata: [String: String]
    /// Why it did not go well, for people: the error's message or code, or the reason of `incomplete_details`. At most
    /// ``ReadableText/maximumCharacters`` characters.
    package let errorMessage: String?

    /// - Returns: `nil` when `json` is not one valid JSON object, or has no string `status`.
    package init?(json: [UInt8]) {
        do {
            try self.init(reading: json, size: json.count, isWhole: true)
        } catch {
            // What is wrong with it is of no use to anybody here: the caller asks again, or says that this is no response object.
            return nil
        }
    }

    /// A response object that is too large to be held, from its small members.
    ///
    /// - Returns: `nil` when there is no string `status` among them.
    init?(outline: [UInt8], size: Int) {
        do {
            try self.init(reading: outline, size: size, isWhole: false)
        } catch {
            // An outline is an object by its making.
            return nil
        }
    }

    private init?(reading json: [UInt8], size: Int, isWhole: Bool) throws(JSONError) {
        let span = json.span
        let fields = try JSONText.members(Self.names, in: span)
        guard let status = fields["status"]?.string(in: span) else { return nil }
        bytes = isWhole ? json : []
        self.size = size
        self.isWhole = isWhole
        self.status = status
        id = fields["id"]?.string(in: span) ?? fields["response_id"]?.string(in: span)
        model = fields["model"]?.string(in: span)
        usage = fields["usage"].flatMap { $0.kind == .object ? $0.bytes(in: span) : nil }
        metadata = try Self.strings(of: fields["metadata"], in: span)
        errorMessage = try Self.message(error: fields["error"], incomplete: fields["incomplete_details"], in: span)
    }

    /// The same without its bytes.
    package var withoutBytes: ResponseObject { ResponseObject(self, bytes: []) }

    private init(_ other: ResponseObject, bytes: [UInt8]) {
        self.bytes = bytes
        size = other.size
        isWhole = bytes.count == other.size
        id = other.id
        status = other.status
        model = other.model
        usage = other.usage
        metadata = other.metadata
        errorMessage = other.errorMessage
    }

    /// How the response ended; `nil` while it runs, by whatever word.
    package var terminalStatus: TerminalStatus? { TerminalStatus(rawValue: status) }

    /// What it says while it runs; `nil` when it has ended.
    package var runningStatus: RunningStatus? { terminalStatus == nil ? RunningStatus(word: status) : nil }

    /// The members that are read.
    static let names: Set<String> = [
        "id", "response_id", "status", "model", "usage", "metadata", "error", "incomplete_details",
    ]

    private static func strings(of object: RawValue?, in bytes: Span<UInt8>) throws(JSONError) -> [String: String] {
        guard let object, object.kind == .object else { return [:] }
        var strings: [String: String] = [:]
        var members = try RawMembers(of: object, in: bytes)
        while let member = try members.next(in: bytes) {
            guard let key = member.key.string(in: bytes), strings[key] == nil else { continue }
            strings[key] = member.value.string(in: bytes)
        }
        return strings
    }

    private static func message(error: RawValue?, incomplete: RawValue?, in bytes: Span<UInt8>) throws(JSONError) -> String? {
        if let error, let message = try ErrorMessage.read(error, in: bytes) { return message }
        guard let incomplete, incomplete.kind == .object else { return nil }
        return try JSONText.members(["reason"], of: incomplete, in: bytes)["reason"]?.string(in: bytes).flatMap(ReadableText.init)?.text
    }
}
