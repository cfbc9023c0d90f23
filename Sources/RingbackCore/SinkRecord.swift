/// What is kept of what was made in another system for one response, so that later events change it or add to it (contract, section 7).
package struct SinkRecord: Sendable, Hashable {
    package let endpoint: EndpointName
    package let watch: WatchID
    /// The last event that something was sent for.
    package var event: EventID
    /// What was sent for it, in the preset's words for kinds of requests; with a question mark what was about to be sent.
    package var steps: [String]
    /// Ids from the system's answers, by the preset's names. Holds no secret.
    package var captured: [String: String]

    package init(endpoint: EndpointName, watch: WatchID, event: EventID, steps: [String], captured: [String: String]) {
        self.endpoint = endpoint
        self.watch = watch
        self.event = event
        self.steps = steps
        self.captured = captured
    }
}
