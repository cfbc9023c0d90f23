/// What a template can speak of.
package indirect enum TemplateValue: Sendable, Hashable {
    case text(String)
    case flag(Bool)
    case group([String: TemplateValue])
    case list([TemplateValue])

    /// The text at a dotted name; `nil` when there is none.
    package func text(at name: String) -> String? {
        var value = self
        for part in name.split(separator: ".") {
            guard case .group(let members) = value, let member = members[String(part)] else { return nil }
            value = member
        }
        if case .text(let text) = value { return text }
        return nil
    }

    /// The same with every text changed.
    package func mapTexts(_ transform: (String) -> String) -> TemplateValue {
        switch self {
        case .text(let text): .text(transform(text))
        case .flag: self
        case .group(let members): .group(members.mapValues { $0.mapTexts(transform) })
        case .list(let elements): .list(elements.map { $0.mapTexts(transform) })
        }
    }

    /// Of a group only what has one of these names.
    func only(_ names: Set<String>) -> TemplateValue {
        guard case .group(let members) = self else { return self }
        return .group(members.filter { names.contains($0.key) })
    }

    /// The characters of the longest text, as people count them.
    package var longestText: Int {
        switch self {
        case .text(let text): text.count
        case .flag: 0
        case .group(let members): members.values.map(\.longestText).max() ?? 0
        case .list(let elements): elements.map(\.longestText).max() ?? 0
        }
    }

    /// As the template library takes it. An empty text is left out, so that a section over it is not shown.
    var any: Any? {
        switch self {
        case .text(let text): text.isEmpty ? nil : text
        case .flag(let flag): flag
        case .group(let members): members.compactMapValues(\.any)
        case .list(let elements): elements.compactMap(\.any)
        }
    }
}
