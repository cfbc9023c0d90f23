/// Where spans go, and which (OpenTelemetry's OTLP over HTTP).
package struct TracingTarget: Sendable, Hashable {
    package static let standardService = "ringback"

    /// Of the collector, without `/v1/traces`.
    package var endpoint: String
    package var headers: [HeaderField]
    /// `service.name`.
    package var service: String
    /// The share of the traces beginning here that is kept, from 0 to 1.
    package var sample: Double

    package init(endpoint: String, headers: [HeaderField] = [], service: String = standardService, sample: Double = 1) {
        self.endpoint = endpoint
        self.headers = headers
        self.service = service
        self.sample = sample
    }
}
