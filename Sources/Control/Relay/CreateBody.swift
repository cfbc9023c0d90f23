import RawJSON

/// What the proxy looks at in the body of a create call. The body itself goes on byte for byte.
enum CreateBody {
    /// - Throws: ``Problem`` when the body is not a JSON object, or asks for what this version does not relay.
    static func check(_ body: [UInt8]) throws(Problem) {
        let isBackground: Bool
        let isStream: Bool
        do {
            let members = try JSONText.members(["background", "stream"], in: body.span)
            isBackground = members["background"]?.bool(in: body.span) ?? false
            isStream = members["stream"]?.bool(in: body.span) ?? false
        } catch {
            throw Problem(.malformedJSON, "\(error)")
        }
        guard isBackground else {
            throw Problem(
                .notImplemented, "this version relays background responses only: send \"background\": true, or call the upstream itself",
                errors: [FieldProblem(pointer: "#/background", detail: "write true")]
            )
        }
        guard !isStream else {
            throw Problem(
                .notImplemented, "this version relays creates without a stream only: send \"stream\": false",
                errors: [FieldProblem(pointer: "#/stream", detail: "write false")]
            )
        }
    }
}
