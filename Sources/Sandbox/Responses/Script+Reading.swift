import RingbackCore

extension Script {
    /// Reads the script; unknown `sandbox.` keys are errors, so that a typo does not silently test nothing.
    ///
    /// - Throws: ``InvalidScript`` with the key and what to write.
    package init(metadata: [String: String]) throws(InvalidScript) {
        let known = Set(Self.keys.map { Self.prefix + $0.key })
        for key in metadata.keys where key.hasPrefix(Self.prefix) && !known.contains(key) {
            throw InvalidScript("metadata '\(key)' is not known; the sandbox knows \(known.sorted().joined(separator: ", "))")
        }
        let values = Values(metadata: metadata)
        outcome = try values.word("outcome") ?? .completed
        duration = try values.duration("duration") ?? .seconds(1)
        deltaInterval = max(try values.duration("delta_interval") ?? max(duration / 20, .milliseconds(20)), .milliseconds(1))
        outputBytes = try values.count("output_bytes", upTo: Self.maximumOutputBytes) ?? 200
        dropStreamAfter = try values.count("drop_stream_after", upTo: 1_000_000)
        refuseStream = try values.isTrue("refuse_stream") ? .badRequest : values.word("refuse_stream")
        forgetAfter = try values.duration("forget_after")
        stall = try values.isTrue("stall") ? Self.maximumDuration : values.duration("stall")
        rateLimit = try values.count("rate_limit", upTo: 1_000_000) ?? 0
        requiresActionAfter = try values.duration("requires_action_after")
        restartAfter = try values.duration("restart_after")
        runningStatus = values.text("running_status")
        ignoresCancel = try values.flag("ignore_cancel")
        failsBeforeID = try values.flag("error_before_id")
        endsWithError = try values.flag("error_event")
        keepAlive = try values.duration("keepalive").map { max($0, Self.minimumKeepAlive) }
    }

    /// The values of a script, each checked when it is asked for. `false` is the same as no value.
    private struct Values {
        let metadata: [String: String]

        func text(_ key: String) -> String? {
            metadata[Script.prefix + key].flatMap { $0 == "false" ? nil : $0 }
        }

        func isTrue(_ key: String) -> Bool { text(key) == "true" }

        func flag(_ key: String) throws(InvalidScript) -> Bool {
            guard let text = text(key) else { return false }
            guard text == "true" else { throw invalid(key, "true or false") }
            return true
        }

        func duration(_ key: String) throws(InvalidScript) -> Duration? {
            guard let text = text(key) else { return nil }
            guard let duration = Duration(text: text), duration <= Script.maximumDuration else {
                throw invalid(key, "a duration up to 24h such as 500ms, 3s or 2m")
            }
            return duration
        }

        func count(_ key: String, upTo limit: Int) throws(InvalidScript) -> Int? {
            guard let text = text(key) else { return nil }
            guard let count = Int(text), (0...limit).contains(count) else { throw invalid(key, "a whole number from 0 to \(limit)") }
            return count
        }

        func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) throws(InvalidScript) -> Word? {
            guard let text = text(key) else { return nil }
            guard let word = Word(rawValue: text) else { throw invalid(key, Word.allCases.map(\.rawValue).joined(separator: ", ")) }
            return word
        }

        private func invalid(_ key: String, _ expected: String) -> InvalidScript {
            InvalidScript("metadata '\(Script.prefix)\(key)' is '\(text(key) ?? "")'; write \(expected)")
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
