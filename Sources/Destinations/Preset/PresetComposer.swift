import Delivering
package import Presets
package import RingbackCore
package import Store

/// What an endpoint with a preset knows of itself: enough to make requests, or the fields of a mail, of a delivery.
package struct PresetComposer: Sendable {
    package let preset: Preset
    package let target: PresetTarget
    package let endpoint: EndpointName
    /// Ringback's own address for people; `nil` when it has none.
    private let publicURL: String?
    /// Set while several deliveries are one message; what is rendered is then about all of them.
    package var digest: [DeliveryJob] = []

    package init(_ preset: Preset, _ target: PresetTarget, endpoint: EndpointName, publicURL: String?) {
        self.preset = preset
        self.target = target
        self.endpoint = endpoint
        self.publicURL = publicURL
    }

    /// The value of a parameter, or what stands in for it; `nil` when there is neither.
    package func parameter(_ name: String) -> Secret? {
        target.values[name] ?? preset.allParameters.first { $0.name == name }?.fallback.map { Secret($0) }
    }

    package func facts(of job: DeliveryJob) -> PresetFacts {
        guard digest.isEmpty else {
            return PresetFacts(digest: digest.map { ($0.event, $0.response) }, named: job.event.id, endpoint: endpoint)
        }
        return facts(ofOne: job)
    }

    private func facts(ofOne job: DeliveryJob) -> PresetFacts {
        PresetFacts(
            event: job.event, response: job.response, metadata: job.metadata, endpoint: endpoint, link: link(to: job.event.watch),
            includesOutput: parameter("include_output")?.reveal() == "true")
    }

    /// - Parameters:
    ///   - captured: What earlier requests about the same response kept.
    ///   - isPlain: Whether the system did not understand the markup.
    package func renderer(of job: DeliveryJob, captured: [String: String] = [:], isPlain: Bool = false) -> PresetRenderer {
        PresetRenderer(
            preset, facts: facts(of: job), parameters: target.values.mapValues { $0.reveal() }, captured: captured, event: job.event,
            endpoint: endpoint, isPlain: isPlain)
    }

    /// The rendered fields by name, for a preset whose transport is no HTTP.
    ///
    /// - Throws: ``RenderingError``: no attempt could succeed.
    package func fields(of job: DeliveryJob) throws(RenderingError) -> [String: String] {
        try renderer(of: job).renderFields()
    }

    private func link(to watch: WatchID?) -> String? {
        guard let publicURL, let watch else { return nil }
        return "\(publicURL)/watches/\(watch)"
    }
}
