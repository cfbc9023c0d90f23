/// The optional conditions under which an endpoint is notified; all must hold (contract, section 4, `match`).
///
/// `upstream`, `model` and `metadata` say which responses are meant, `status` says which of their events. For what that makes of each kind
/// of event see ``EndpointDirectory/recipients(of:watch:status:model:metadata:)``.
package struct EndpointMatch: Sendable, Hashable {
    /// The statuses a condition can name: those a watch can have when there is an event about it. A watch is stopped without one.
    package static let possibleStatuses = WatchStatus.allCases.filter { $0 != .stopped }

    package var upstream: UpstreamName?
    /// Glob over the response's model: `*` stands for any run of characters.
    package var model: String?
    /// Glob per metadata key of the watch or of the response.
    package var metadata: [String: String]
    /// The statuses of the watch, as the event leaves it; none given means any.
    package var statuses: Set<WatchStatus>

    package init(
        upstream: UpstreamName? = nil, model: String? = nil, metadata: [String: String] = [:], statuses: Set<WatchStatus> = []
    ) {
        self.upstream = upstream
        self.model = model
        self.metadata = metadata
        self.statuses = statuses
    }

    /// Whether an event that leaves a watch in `status` is meant.
    package func admits(_ status: WatchStatus) -> Bool {
        statuses.isEmpty || statuses.contains(status)
    }

    /// The statuses in the order of a watch's life, for people.
    package var statusList: [WatchStatus] { WatchStatus.allCases.filter(statuses.contains) }

    /// Whether a response is meant.
    package func holds(upstream: UpstreamName?, model: String?, metadata: [String: String]) -> Bool {
        if let wanted = self.upstream, wanted != upstream { return false }
        if let pattern = self.model, !Glob.matches(pattern, model ?? "") { return false }
        return self.metadata.allSatisfy { key, pattern in
            metadata[key].map { Glob.matches(pattern, $0) } ?? false
        }
    }
}

/// Shell-like patterns with `*` only. Linear in the text for each star; never exponential.
package enum Glob {
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        let star = UInt8(ascii: "*")
        var patternIndex = 0
        var textIndex = 0
        // Where to go back to when a guess of what the last star covers fails.
        var retry: (pattern: Int, text: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == star {
                retry = (patternIndex + 1, textIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                patternIndex += 1
                textIndex += 1
            } else if let (afterStar, covered) = retry {
                retry = (afterStar, covered + 1)
                patternIndex = afterStar
                textIndex = covered + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == star }
    }
}
