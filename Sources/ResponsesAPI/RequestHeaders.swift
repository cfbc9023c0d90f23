import RingbackCore

/// The headers of a call, put together from the general to the particular.
enum RequestHeaders {
    private typealias Field = (name: String, value: String)

    /// - Parameters:
    ///   - own: What the call itself needs. Nobody replaces it: the answer could not be understood.
    ///   - watch: The watch's. They replace the upstream's, its credential included, so that a response made with another key can be
    ///     followed with that key.
    ///   - upstream: Its credential and its headers; the latter replace the former.
    static func merged(
        own: [(name: String, value: String)], watch: [HeaderField], upstream: Upstream
    ) -> [(name: String, value: String)] {
        // A call that brings its own credential, under either name, gets no other beside it.
        var fields = watch.contains { upstream.isCredential($0.name) } ? [] : credential(of: upstream)
        overlay(revealed(upstream.headers), on: &fields)
        overlay(revealed(watch), on: &fields)
        overlay(own, on: &fields)
        return fields
    }

    private static func credential(of upstream: Upstream) -> [Field] {
        guard let key = upstream.apiKey, !key.isEmpty else { return [] }
        if let name = upstream.apiKeyHeader { return [(name, key.reveal())] }
        return [("Authorization", "Bearer \(key.reveal())")]
    }

    private static func revealed(_ headers: [HeaderField]) -> [Field] {
        headers.map { ($0.name, $0.value.reveal()) }
    }

    /// A name that repeats within `newer` stays repeated; what `fields` had under it goes.
    private static func overlay(_ newer: [Field], on fields: inout [Field]) {
        let names = Set(newer.map { $0.name.lowercased() })
        fields.removeAll { names.contains($0.name.lowercased()) }
        fields += newer
    }
}
