import Presets
import RingbackCore

/// The upstreams and endpoints there are now, to check names against.
struct KnownNames {
    /// In the order of the configuration: the first one is the default.
    let upstreams: [UpstreamName]
    let endpoints: [EndpointName]
    let presets: PresetLibrary

    var defaultUpstream: UpstreamName? { upstreams.first }

    /// - Parameter report: Hears why there is no such upstream.
    func upstream(_ text: String, report: (String) -> Void) -> UpstreamName? {
        if let name = upstreams.first(where: { $0.rawValue == text }) { return name }
        report("there is no upstream of that name.\(Suggestion.text(for: text, among: upstreams.map(\.rawValue)))")
        return nil
    }

    /// - Parameter report: Hears why there is no such endpoint.
    func endpoint(_ text: String, report: (String) -> Void) -> EndpointName? {
        if let name = endpoints.first(where: { $0.rawValue == text }) { return name }
        let none = endpoints.isEmpty ? " No endpoint is configured." : ""
        report("there is no endpoint of that name.\(none)\(Suggestion.text(for: text, among: endpoints.map(\.rawValue)))")
        return nil
    }
}
