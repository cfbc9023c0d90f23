/// What `/healthz` and `/readyz` say.
package struct HealthObject: Codable, Sendable, Hashable {
    package enum Status: String, Codable, Sendable, Hashable {
        case ok
        case notReady = "not_ready"
    }

    package var status: Status
    /// Why the node is not ready, in sentences; empty when it is.
    package var problems: [String]

    package init(problems: [String] = []) {
        status = problems.isEmpty ? .ok : .notReady
        self.problems = problems
    }
}
