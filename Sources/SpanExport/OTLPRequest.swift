import RawJSON
import RingbackCore
import Tracing

/// The body of a request to `/v1/traces`: OTLP's `ExportTraceServiceRequest` in JSON.
///
/// Source: OpenTelemetry Protocol 1.5, "JSON Protobuf Encoding": ids are hexadecimal, 64-bit numbers are strings, enums are numbers.
enum OTLPRequest {
    static func body(_ spans: [FinishedSpan], service: String) -> [UInt8] {
        let version = RingbackVersion.current
        let resource: JSON = ["attributes": .array([attribute("service.name", service), attribute("service.version", version)])]
        let scope: JSON = [
            "scope": ["name": "ringback", "version": .string(version)], "spans": .array(spans.map(span)),
        ]
        return (["resourceSpans": [["resource": resource, "scopeSpans": [scope]]]] as JSON).bytes
    }

    private static func span(_ span: FinishedSpan) -> JSON {
        var members: [JSON.Member] = [
            .init("traceId", .string(span.context.traceID.text)),
            .init("spanId", .string(span.context.spanID.text)),
        ]
        if let parent = span.parent { members.append(.init("parentSpanId", .string(parent.text))) }
        if !span.context.state.isEmpty { members.append(.init("traceState", .string(span.context.state))) }
        members += [
            .init("name", .string(span.name)),
            .init("kind", .integer(number(span.kind))),
            .init("startTimeUnixNano", .string("\(span.startedAt)")),
            .init("endTimeUnixNano", .string("\(span.endedAt)")),
            .init("attributes", .array(attributes(span.attributes))),
        ]
        if let status = span.status {
            var parts: [JSON.Member] = [.init("code", .integer(number(status.code)))]
            if let message = status.message { parts.append(.init("message", .string(message))) }
            members.append(.init("status", .object(parts)))
        }
        return .object(members)
    }

    /// In the order of their names.
    private static func attributes(_ attributes: SpanAttributes) -> [JSON] {
        var pairs: [(key: String, value: JSON)] = []
        attributes.forEach { key, value in
            if let value = self.value(value) { pairs.append((key, value)) }
        }
        return pairs.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "value": $0.value] }
    }

    private static func attribute(_ key: String, _ text: String) -> JSON {
        ["key": .string(key), "value": ["stringValue": .string(text)]]
    }

    /// - Returns: `nil` for kinds of values that nothing here makes.
    private static func value(_ attribute: SpanAttribute) -> JSON? {
        switch attribute {
        case .string(let text): ["stringValue": .string(text)]
        case .bool(let flag): ["boolValue": .bool(flag)]
        case .int32(let number): ["intValue": .string("\(number)")]
        case .int64(let number): ["intValue": .string("\(number)")]
        case .double(let number): ["doubleValue": .decimal(number)]
        case .stringConvertible(let thing): ["stringValue": .string("\(thing)")]
        default: nil
        }
    }

    private static func number(_ kind: SpanKind) -> Int64 {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    private static func number(_ code: SpanStatus.Code) -> Int64 {
        switch code {
        case .ok: 1
        case .error: 2
        }
    }
}
