package import RingbackCore

/// What a reload of the configuration came to.
package struct ReloadObject: Codable, Sendable, Hashable {
    package var object = "reload"
    package var reloadedAt: APITime
    /// The keys whose values are others now, such as `endpoints`.
    package var changed: [String]
    /// The keys whose new values take effect only when Ringback is started anew, such as `listen`.
    package var needsRestart: [String]

    private enum CodingKeys: String, CodingKey {
        case object
        case reloadedAt = "reloaded_at"
        case changed
        case needsRestart = "needs_restart"
    }

    package init(at time: Timestamp, changed: [String], needsRestart: [String]) {
        reloadedAt = APITime(time)
        self.changed = changed
        self.needsRestart = needsRestart
    }
}

/// Why a configuration was not taken: nothing was changed.
package struct ReloadRefusal: Error, Sendable, Hashable {
    /// Sentences with file, line and column; at least one. They hold no secret.
    package let problems: [String]

    package init(problems: [String]) {
        precondition(!problems.isEmpty, "a refusal has a reason")
        self.problems = problems
    }
}
