import HTTPTypes
import RingbackCore

extension HTTPFields {
    /// Where a request belongs in its client's trace.
    var trace: TraceContext? {
        let parents = values(of: "traceparent")
        return parents.isEmpty ? nil : TraceContext(parents: parents, states: values(of: "tracestate"))
    }

    private func values(of name: String) -> [String] {
        filter { $0.name.canonicalName == name }.map(\.value)
    }
}
