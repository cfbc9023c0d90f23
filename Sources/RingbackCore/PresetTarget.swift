/// A chat, ticket or mail system that is written to as its preset says (contract, section 7).
package struct PresetTarget: Sendable, Hashable {
    /// One entry of `with`.
    package struct Parameter: Sendable, Hashable {
        package let name: String
        package let value: Secret
        /// Whether it is one, or is only kept like one.
        package let isSecret: Bool

        package init(name: String, value: Secret, isSecret: Bool) {
            self.name = name
            self.value = value
            self.isSecret = isSecret
        }
    }

    package var preset: String
    /// In the preset's order; those that were not given are not here.
    package var parameters: [Parameter]
    /// How fast the system takes messages, as its preset says.
    package var pace: RateLimit?
    /// Endpoints with the same one share the pace; names nothing by itself.
    package var destination: String?

    package init(preset: String, parameters: [Parameter], pace: RateLimit? = nil, destination: String? = nil) {
        self.preset = preset
        self.parameters = parameters
        self.pace = pace
        self.destination = destination
    }

    /// The values by name.
    package var values: [String: Secret] {
        Dictionary(parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension PresetTarget: CustomStringConvertible {
    package var description: String { "preset \(preset)" }
}
