import RingbackCore

extension TracingTarget {
    /// Reads `tracing`: `{ otlp_endpoint, service_name, sample, headers }`; the endpoint, and each header, also from files.
    ///
    /// - Returns: `nil` when there is none, or after a report.
    static func reading(_ root: Fields) -> TracingTarget? {
        guard let fields = root.fields("tracing") else { return nil }
        let url = fields.url("otlp_endpoint")
        if !fields.has("otlp_endpoint"), !fields.has("otlp_endpoint_file") {
            fields.reportMissing("otlp_endpoint", example: "http://127.0.0.1:4318")
        }
        let service = fields.text("service_name") ?? standardService
        let sample = fields.number("sample", default: 1, in: 0...1)
        let headers = fields.secretHeaders()
        fields.finish()
        guard let url else { return nil }
        guard url.query == nil else {
            fields.report("has a query", at: "otlp_endpoint", suggestion: "write http://127.0.0.1:4318")
            return nil
        }
        var text = url.text[...]
        while text.last == "/" { text.removeLast() }
        return TracingTarget(endpoint: String(text), headers: headers, service: service, sample: sample)
    }
}

extension Fields {
    /// The mapping of header names to values under `headers`, each of which may be read from a file: `Authorization_file: …`.
    fileprivate func secretHeaders() -> [HeaderField] {
        guard let fields = fields("headers") else { return [] }
        var names: Set<String> = []
        return fields.all().compactMap { entry in
            let name = entry.key.hasSuffix("_file") ? String(entry.key.dropLast(5)) : entry.key
            let path = fields.subpath(entry.key)
            guard HeaderText.isName(name), HeaderText.framing[name.lowercased()] == nil, name.lowercased() != "content-type" else {
                inspection.report(
                    "no header of ours can have this name", at: entry.place, path: path, suggestion: "write a name such as Authorization")
                return nil
            }
            guard names.insert(name.lowercased()).inserted else {
                inspection.report("the header '\(name)' is there already", at: entry.place, path: path, suggestion: "keep one of them")
                return nil
            }
            return fields.headerSecret(name).map { HeaderField(name, $0) }
        }
    }
}
