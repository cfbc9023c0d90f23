package import RingbackCore

/// What one response will do, as its request's `metadata` says (contract, section 10).
package struct Script: Sendable, Hashable {
    /// How `GET ?stream=true` is turned down.
    package enum StreamRefusal: String, Sendable, Hashable, CaseIterable {
        case badRequest = "400"
        case json
        case empty
    }

    package var outcome: TerminalStatus
    /// From creation to the terminal event.
    package var duration: Duration
    package var deltaInterval: Duration
    package var outputBytes: Int
    /// Each stream is cut, without a word, after so many events.
    package var dropStreamAfter: Int?
    package var refuseStream: StreamRefusal?
    /// From creation; afterwards the response is unknown: 404.
    package var forgetAfter: Duration?
    /// After the first delta nothing more happens for so long.
    package var stall: Duration?
    /// So many retrievals are answered with 429 first.
    package var rateLimit: Int

    package static let maximumOutputBytes = 16 * 1024 * 1024
    package static let maximumDuration: Duration = .seconds(24 * 3600)

    /// Reads the script; unknown `sandbox.` keys are errors, so that a typo does not silently test nothing.
    ///
    /// - Throws: ``InvalidScript`` with the key and what to write.
    package init(metadata: [String: String]) throws(InvalidScript) {
        let known = [
            "outcome", "duration", "delta_interval", "output_bytes", "drop_stream_after", "refuse_stream", "forget_after", "stall",
            "rate_limit",
        ]
        for key in metadata.keys where key.hasPrefix("sandbox.") && !known.contains(String(key.dropFirst(8))) {
            throw InvalidScript(
                "metadata '\(key)' is not known; the sandbox knows \(known.map { "sandbox." + $0 }.joined(separator: ", "))")
        }
        func text(_ key: String) -> String? { metadata["sandbox." + key] }
        func duration(_ key: String) throws(InvalidScript) -> Duration? {
            guard let value = text(key) else { return nil }
            guard let duration = Duration(text: value), duration <= Self.maximumDuration else {
                throw InvalidScript("metadata 'sandbox.\(key)' is '\(value)'; write a duration up to 24h such as 500ms, 3s or 2m")
            }
            return duration
        }
        func count(_ key: String, upTo limit: Int) throws(InvalidScript) -> Int? {
            guard let value = text(key) else { return nil }
            guard let count = Int(value), (0...limit).contains(count) else {
                throw InvalidScript("metadata 'sandbox.\(key)' is '\(value)'; write a whole number from 0 to \(limit)")
            }
            return count
        }

        let outcomeText = text("outcome") ?? TerminalStatus.completed.rawValue
        guard let outcome = TerminalStatus(rawValue: outcomeText) else {
            throw InvalidScript("metadata 'sandbox.outcome' is '\(outcomeText)'; write completed, failed, incomplete or cancelled")
        }
        self.outcome = outcome
        self.duration = try duration("duration") ?? .seconds(1)
        deltaInterval = max(try duration("delta_interval") ?? max(self.duration / 20, .milliseconds(20)), .milliseconds(1))
        outputBytes = try count("output_bytes", upTo: Self.maximumOutputBytes) ?? 200
        dropStreamAfter = try count("drop_stream_after", upTo: 1_000_000)
        forgetAfter = try duration("forget_after")
        rateLimit = try count("rate_limit", upTo: 1_000_000) ?? 0
        switch text("stall") {
        case nil, "false": stall = nil
        case "true": stall = Self.maximumDuration
        default: stall = try duration("stall")
        }
        switch text("refuse_stream") {
        case nil, "false": refuseStream = nil
        case "true": refuseStream = .badRequest
        case let word?:
            guard let refusal = StreamRefusal(rawValue: word) else {
                throw InvalidScript("metadata 'sandbox.refuse_stream' is '\(word)'; write true, 400, json or empty")
            }
            refuseStream = refusal
        }
    }
}

/// Why a request's metadata is no script.
package struct InvalidScript: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
