import ResponsesAPI
package import RingbackCore
package import Transport

/// Asks an upstream for a response that does not exist: harmless, and every vendor judges the key before it looks.
package struct UpstreamProbe: Sendable {
    static let response = ResponseID(trusted: "resp_ringback_doctor")
    static let patience: Duration = .seconds(20)
    /// An error object is much smaller.
    static let maximumAnswerBytes = 64 << 10

    private let transport: any Transport
    private let time: any TimeSource

    package init(transport: any Transport, time: any TimeSource) {
        self.transport = transport
        self.time = time
    }

    /// - Returns: What it said, and how far its clock is ahead of ours, if it tells the time.
    package func ask(_ upstream: Upstream) async -> (facts: UpstreamFacts, skew: Duration?) {
        var request = ResponsesClient(upstream: upstream, transport: transport).retrieveRequest(Self.response, headers: [])
        request.limits.total = Self.patience
        let start = time.now
        do throws(TransferFailure) {
            let answer = try await transport.perform(request, keeping: Self.maximumAnswerBytes)
            let travelled = time.now - start
            // The server read its clock somewhere on the way: in the middle, for all we know.
            let ours = time.wallNow - .milliseconds(travelled.wholeMilliseconds / 2)
            let skew = answer.head["date"].flatMap { HTTPDate.parse(Array($0.utf8)[...], now: ours) }.map { $0 - ours }
            let isJSON = answer.head["content-type"]?.lowercased().contains("json") ?? false
            let outcome = UpstreamFacts.Outcome.answered(
                status: answer.head.status, message: message(in: answer.body, of: upstream), isJSON: isJSON)
            return (facts(upstream, outcome), skew)
        } catch {
            return (facts(upstream, .failed(error.error)), nil)
        }
    }

    private func facts(_ upstream: Upstream, _ outcome: UpstreamFacts.Outcome) -> UpstreamFacts {
        UpstreamFacts(
            name: upstream.name, url: (try? HTTPURL(validating: upstream.baseURL))?.redacted ?? upstream.name.rawValue,
            hasKey: upstream.apiKey?.isEmpty == false, bringsOwnKey: upstream.credentials == .passthrough, outcome: outcome)
    }

    /// The vendor's words. Some repeat the key in them.
    private func message(in body: [UInt8], of upstream: Upstream) -> String? {
        guard var message = ErrorMessage.read(body: body) else { return nil }
        for secret in [upstream.apiKey].compactMap({ $0 }) + upstream.headers.map(\.value) where !secret.isEmpty {
            message = message.replacing(secret.reveal(), with: "<redacted>")
        }
        return message
    }
}
