import AddressGuard
import HTTPTypes
import RingbackCore
import WebhookSignature

/// What the `Ringback-` headers of a relayed create ask for (contract, section 5). They are Ringback's and are not passed on.
struct RelayDirectives {
    private static let endpointsHeader = "Ringback-Endpoints"
    private static let urlHeader = "Ringback-Callback-Url"
    private static let secretHeader = "Ringback-Callback-Secret"

    let endpoints: [EndpointName]
    let callback: Callback?

    /// Whether nothing was asked for.
    var areEmpty: Bool { endpoints.isEmpty && callback == nil }

    /// - Parameter mayNameEndpoints: Whether the caller is one of Ringback's own. Named endpoints hear of a response past their filters.
    /// - Throws: ``Problem`` with everything that is wrong, each under its header's name.
    init(_ headers: HTTPFields, known: KnownNames, rule: CallbackGuard, mayNameEndpoints: Bool = true) throws(Problem) {
        let problems = FieldProblems()
        Self.checkNames(headers, problems: problems)
        let names = Self.value(Self.endpointsHeader, in: headers)?.split(separator: ",") ?? []
        if names.count > WatchRequest.maximumEndpoints {
            problems.add(Self.endpointsHeader, "name at most \(WatchRequest.maximumEndpoints) endpoints")
        }
        if !names.isEmpty, !mayNameEndpoints {
            problems.add(
                Self.endpointsHeader, "endpoints are named by callers with a token of this server: send \(RelayAccess.tokenHeader), too")
        }
        let endpoints =
            !mayNameEndpoints
            ? []
            : names.compactMap { part in
                known.endpoint(part.trimmingBlanks) { problems.add(Self.endpointsHeader, $0) }
            }
        let url = Self.value(Self.urlHeader, in: headers)
        let secret = Self.value(Self.secretHeader, in: headers).map { Secret($0) }
        if let url, let reason = rule.refusal(of: url) { problems.add(Self.urlHeader, reason) }
        if let secret { Self.check(secret, hasURL: url != nil, problems: problems) }
        try problems.check()
        self.endpoints = unique(endpoints)
        callback = url.map { Callback(url: $0, secret: secret) }
    }

    private static func check(_ secret: Secret, hasURL: Bool, problems: FieldProblems) {
        do {
            _ = try SigningKey(validating: secret)
        } catch {
            problems.add(secretHeader, "\(error)")
        }
        if !hasURL { problems.add(secretHeader, "a secret signs a callback, but none is asked for: send \(urlHeader) too") }
    }

    /// A misspelled directive would silently lose a callback.
    private static func checkNames(_ headers: HTTPFields, problems: FieldProblems) {
        let known = [endpointsHeader, urlHeader, secretHeader, RelayAccess.tokenHeader]
        for field in headers {
            let name = field.name.rawName
            guard name.lowercased().hasPrefix("ringback-"), !known.contains(where: { $0.lowercased() == name.lowercased() }) else {
                continue
            }
            problems.add(name, "Ringback knows no header of that name.\(Suggestion.text(for: name, among: known))")
        }
    }

    private static func value(_ name: String, in headers: HTTPFields) -> String? {
        guard let name = HTTPField.Name(name), let value = headers[name] else { return nil }
        let trimmed = value.trimmingBlanks
        return trimmed.isEmpty ? nil : trimmed
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends (OWS of RFC 9110, section 5.6.3).
    var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = firstIndex { !isBlank($0) } ?? endIndex
        let end = lastIndex { !isBlank($0) }.map { index(after: $0) } ?? endIndex
        return start < end ? String(self[start..<end]) : ""
    }
}
