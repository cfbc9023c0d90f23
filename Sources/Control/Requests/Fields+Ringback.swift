import AddressGuard
import RingbackCore
import WebhookSignature

/// What several requests have in common: metadata, headers, URLs, secrets, payload forms.
extension Fields {
    /// The bounds of OpenAI's `metadata`, which this one usually mirrors.
    private static let maximumMetadataKeys = 16
    private static let maximumMetadataBytes = 512

    func metadata(_ name: String) -> [String: String]? {
        guard let map = stringMap(name, limit: Self.maximumMetadataKeys) else { return nil }
        var metadata: [String: String] = [:]
        for (place, key, value) in map {
            if key.isEmpty || key.utf8.count > Self.maximumMetadataBytes || value.utf8.count > Self.maximumMetadataBytes {
                problems.add("\(place)", "a key has 1 to \(Self.maximumMetadataBytes) bytes, a value at most as many")
            }
            metadata[key] = value
        }
        return metadata
    }

    func headers(_ name: String, rule: HeaderRule) -> [HeaderField]? {
        guard let map = stringMap(name, limit: HeaderRule.maximumCount) else { return nil }
        return map.map { place, name, value in
            if let reason = rule.refusal(name: name, value: value) { problems.add("\(place)", reason) }
            return HeaderField(name, Secret(value))
        }
    }

    /// A callback's URL, which has to pass the guard.
    func callbackURL(_ name: String, rule: CallbackGuard) -> String? {
        guard let text = string(name) else { return nil }
        if let reason = rule.refusal(of: text) { report(name, reason) }
        return text
    }

    /// A `whsec_` secret. What was written is never repeated.
    func signingSecret(_ name: String) -> Secret? {
        guard let text = string(name) else { return nil }
        let secret = Secret(text)
        do {
            _ = try SigningKey(validating: secret)
        } catch {
            report(name, "\(error)")
        }
        return secret
    }

    /// The secret of a receiver that checks GitHub's signature: any text.
    func hubSecret(_ name: String) -> Secret? {
        guard let text = string(name) else { return nil }
        if !HubSignature.secretBytes.contains(text.utf8.count) {
            report(name, "write \(HubSignature.secretBytes.lowerBound) to \(HubSignature.secretBytes.upperBound) bytes")
        }
        return Secret(text)
    }

    /// `{"origin": "bridge.example.com", "rate": 120}`
    func handshake(_ name: String) -> WebhookHandshake? {
        guard let fields = object(name, known: ["origin", "rate"]) else { return nil }
        let rate = fields.integer("rate", in: WebhookHandshake.rates)
        guard let origin = fields.string("origin") else {
            if !fields.has("origin") { fields.report("origin", "name the host that asks, such as bridge.example.com") }
            return nil
        }
        do {
            return try WebhookHandshake(origin: origin, requestedRate: rate)
        } catch {
            fields.report("origin", "\(error)")
            return nil
        }
    }
}

extension CallbackGuard {
    /// - Returns: Why nothing may be sent to a URL, in words for whoever wrote it; `nil` when something may, as far as the URL itself tells.
    func refusal(of text: String) -> String? {
        do {
            _ = try judge(text)
            return nil
        } catch {
            return error.reason
        }
    }
}
