import RawJSON

/// Events as they go over the wire.
enum StreamText {
    static let done = "data: [DONE]\n\n"
    static let keepAliveComment = ": keep-alive\n\n"

    static func event(_ type: String, _ sequenceNumber: Int, _ members: [JSON.Member], _ streams: Dialect.Streams) -> String {
        let name = JSON.Member("type", .string(type))
        let number = JSON.Member("sequence_number", .integer(Int64(sequenceNumber)))
        let data = JSON.object(streams.typeComesLast ? members + [number, name] : [name, number] + members)
        return (streams.hasEventLines ? "event: \(type)\n" : "") + "data: \(data.text)\n\n"
    }

    /// The members of an `error` event.
    ///
    /// - Parameter failure: With `code` and `message`.
    static func error(_ failure: JSON, _ shape: Dialect.Streams.ErrorEvent) -> [JSON.Member] {
        switch shape {
        case .flat: (failure.members ?? []) + [.init("param", .null)]
        case .nested: [.init("error", failure)]
        }
    }
}
