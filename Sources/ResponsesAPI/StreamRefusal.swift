import RingbackCore

/// Why an upstream refuses to stream a response, as far as its words tell. A status of 400 alone does not: it may be about this one
/// response or about all of them.
///
/// | the upstream says | it is about |
/// |---|---|
/// | "… can no longer be streamed because it is more than 5 minutes old" (OpenAI) | the response's age |
/// | "… was not created with stream=true" (Azure's agent server; OpenAI's guide) | how the response was created |
/// | "… was not created with background=true" (OpenAI, also of background responses that were created without a stream) | the same |
/// | something about `starting_after` | resuming |
package enum StreamRefusal: Sendable, Hashable {
    /// - Parameter limit: From which age on streams are refused; `nil` when the words do not say.
    case tooOld(limit: Duration?)
    case notCreatedStreaming
    case notBackground
    case noResumption
    /// The words say nothing that is known here, or there are none.
    case unexplained

    /// Reads the body of a 4xx answer to a stream request.
    package init(body: [UInt8]) {
        self = ErrorMessage.read(body: body).map(Self.init(message:)) ?? .unexplained
    }

    init(message: String) {
        let words = message.lowercased().replacing(#/[`'"]/#, with: "")
        if let match = words.firstMatch(of: #/more than (\d{1,6}) (second|minute|hour)s? old/#) {
            self = .tooOld(limit: Self.duration(match.1, match.2))
        } else if words.contains("can no longer be streamed") {
            self = .tooOld(limit: nil)
        } else if words.contains(#/not created with stream(=| |: ?)true/#) || words.contains(#/created it with stream(=| |: ?)true/#) {
            self = .notCreatedStreaming
        } else if words.contains(#/not created with background(=| |: ?)true/#) {
            self = .notBackground
        } else if words.contains("starting_after") {
            self = .noResumption
        } else {
            self = .unexplained
        }
    }

    private static func duration(_ number: Substring, _ unit: Substring) -> Duration? {
        guard let number = Int64(number), number > 0 else { return nil }
        let size: Int64 =
            switch unit {
            case "hour": 3600
            case "minute": 60
            default: 1
            }
        return .seconds(number * size)
    }
}
