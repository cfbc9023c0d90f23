import Cryptography
import Delivering
import RawJSON
import RingbackCore
import Transport

/// The access token of one endpoint: asked for when it is first needed, used by all attempts until shortly before it ends (RFC 6749).
struct AccessTokens: Sendable {
    /// A token is renewed so long before its end, since a request takes its time.
    static let margin: Duration = .seconds(30)
    /// How long a token is used whose server does not say how long it lives (`expires_in` is only recommended).
    static let presumedLifetime: Duration = .seconds(300)
    /// However long it is said to live, it is renewed after this time.
    static let longestLifetime: Duration = .seconds(24 * 3600)
    /// The longest token that is put into a header.
    static let maximumTokenBytes = 16 * 1024

    private let credentials: ClientCredentials
    private let route: WebhookRoute
    private let answer = SharedAnswer<Secret>()

    /// - Throws: ``InvalidDestination/url(_:)`` when the token's URL cannot be used.
    init(_ credentials: ClientCredentials, route: WebhookRoute) throws(InvalidDestination) {
        do {
            _ = try HTTPURL(validating: credentials.tokenURL)
        } catch {
            throw .url(error)
        }
        self.credentials = credentials
        self.route = route
    }

    /// - Throws: ``FailedAttempt`` when none was to be had.
    func token(now: Timestamp, by deadline: Moment) async throws(FailedAttempt) -> Secret {
        try await answer.value(now: now) { await ask(now: now, by: deadline) }.get()
    }

    /// The receiver refused this token: the next attempt gets another one.
    func forget(_ token: Secret) async {
        await answer.forget { $0 == token }
    }

    private func ask(now: Timestamp, by deadline: Moment) async -> Result<SharedAnswer<Secret>.Kept, FailedAttempt> {
        do {
            let answer = try await route.perform(request, by: deadline)
            return read(answer, now: now + answer.summary.total)
        } catch {
            var report = AttemptReport(error)
            report.detail = "no access token was got for the receiver: \(error.error)"
            return .failure(FailedAttempt(report))
        }
    }

    private var request: TransferRequest {
        var form = [(name: "grant_type", value: "client_credentials")]
        if let scope = credentials.scope { form.append((name: "scope", value: scope)) }
        if let audience = credentials.audience { form.append((name: "audience", value: audience)) }
        var headers = [(name: "Accept", value: "application/json"), (name: "Content-Type", value: "application/x-www-form-urlencoded")]
        switch credentials.authentication {
        case .basic:
            let pair = [credentials.clientID, credentials.clientSecret.reveal()].map(FormEncoding.encode).joined(separator: ":")
            headers.append((name: "Authorization", value: "Basic \(Base64.encode(Array(pair.utf8)))"))
        case .body:
            form.append((name: "client_id", value: credentials.clientID))
            form.append((name: "client_secret", value: credentials.clientSecret.reveal()))
        }
        return TransferRequest(
            method: .post, url: credentials.tokenURL, headers: WebhookHeaders.userAgent + headers, body: FormEncoding.body(form),
            version: .http1, trust: TransferTrust(caFile: credentials.caFile))
    }

    private func read(_ answer: TransferAnswer, now: Timestamp) -> Result<SharedAnswer<Secret>.Kept, FailedAttempt> {
        guard (200..<300).contains(answer.head.status) else { return .failure(refusal(answer, now: now, Self.reason(answer))) }
        guard let fields = try? JSONText.members(["access_token", "token_type", "expires_in"], in: answer.body.span),
            let token = fields["access_token"]?.string(in: answer.body.span), Self.isToken(token)
        else {
            return .failure(refusal(answer, now: now, "its answer holds no access_token"))
        }
        // Servers differ in the case; section 7.1 forbids to use a type one does not know.
        if let type = fields["token_type"]?.string(in: answer.body.span), type.lowercased() != "bearer" {
            return .failure(refusal(answer, now: now, "it gave a token of another type than Bearer"))
        }
        let lifetime = fields["expires_in"].flatMap { Self.seconds($0, in: answer.body.span) } ?? Self.presumedLifetime
        let until = now + max(min(lifetime, Self.longestLifetime) - Self.margin, .zero)
        return .success(SharedAnswer.Kept(value: Secret(token), until: until))
    }

    /// A number; some servers write it as a string.
    private static func seconds(_ value: RawValue, in bytes: Span<UInt8>) -> Duration? {
        guard let seconds = value.integer(in: bytes) ?? value.string(in: bytes).flatMap({ Int64($0) }), seconds >= 0 else { return nil }
        return .seconds(min(seconds, 1_000_000_000))
    }

    /// RFC 6750, section 2.1: `b64token`.
    private static func isToken(_ text: String) -> Bool {
        (1...maximumTokenBytes).contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    private func refusal(_ answer: TransferAnswer, now: Timestamp, _ reason: String) -> FailedAttempt {
        // Nothing of the answer is kept but its status: its body and headers may hold a token.
        FailedAttempt(
            AttemptReport(
                error: .authorization, detail: "no access token was got for the receiver: \(reason)", httpStatus: answer.head.status,
                retryAfter: answer.head["retry-after"].flatMap { RetryAfter.parse($0, now: now) }, timing: AttemptTiming(answer.summary),
                address: answer.summary.address))
    }

    /// The codes of RFC 6749, section 5.2: the only words of the server that are shown.
    private static let codes: Set<String> = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    ]

    private static func reason(_ answer: TransferAnswer) -> String {
        // A body that is no JSON says no more than the status does.
        let fields = try? JSONText.members(["error"], in: answer.body.span)
        let code = fields?["error"]?.string(in: answer.body.span).flatMap { codes.contains($0) ? " (\($0))" : nil } ?? ""
        return "the token's URL answered \(answer.head.status)\(code)"
    }
}
