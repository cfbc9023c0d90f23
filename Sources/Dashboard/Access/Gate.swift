import Control
import Cryptography
import HTTPTypes
import RingbackCore

/// Lets viewers in, and tells the forms of our own pages from those of others.
struct Gate: Sendable {
    /// Why somebody is not let in.
    enum Refusal: Error {
        case signedOut
        /// Not from a page of ours; in a sentence.
        case foreign(String)
    }

    private static let plainName = "ringback_session"
    /// Kept by browsers only when it came over HTTPS, for this host alone.
    private static let secureName = "__Host-ringback_session"

    let tokens: @Sendable () -> [AccessToken]
    let time: any TimeSource
    private let sessions = Sessions()
    /// Forms of a process are proved by its key: after a restart a page is loaded again.
    private let proofKey = HMACSHA256(key: SecureRandom.bytes(32))

    init(tokens: @escaping @Sendable () -> [AccessToken], time: any TimeSource) {
        self.tokens = tokens
        self.time = time
    }

    /// - Throws: ``Refusal``; ``Problem`` when a server without tokens is asked by somebody else's page.
    func viewer(_ call: Call) throws -> Viewer {
        let tokens = tokens()
        guard !tokens.isEmpty else {
            try OpenServerRule.check(call.head)
            return Viewer(caller: Caller(name: nil, scope: .admin), formProof: proof("open"))
        }
        guard let identifier = Self.cookie(call.head), let caller = sessions.caller(identifier, tokens: tokens, now: time.now) else {
            throw Refusal.signedOut
        }
        // A token without any scope may look at nothing.
        guard caller.scope != nil else { throw Problem(.forbidden, "the token '\(caller.name ?? "")' has no scope") }
        return Viewer(caller: caller, formProof: proof(identifier))
    }

    /// For forms: they come from a page of ours, and with what only our pages know.
    func viewer(_ call: Call, sending form: Form) throws -> Viewer {
        try checkOrigin(call.head)
        let viewer = try viewer(call)
        guard ConstantTime.equals(Array((form["proof"] ?? "").utf8), Array(viewer.formProof.utf8)) else {
            throw Refusal.foreign("the form is not one of this session: load the page again")
        }
        return viewer
    }

    /// - Returns: The cookie's header; `nil` when the token is none of the server's.
    func signIn(_ given: Secret, _ call: Call) throws -> String? {
        try checkOrigin(call.head)
        guard let token = AccessToken.matching(given, among: tokens()) else { return nil }
        return Self.cookie(sessions.begin(token, now: time.now), call.head, lasting: Sessions.longest)
    }

    func signOut(_ call: Call) -> String {
        if let identifier = Self.cookie(call.head) { sessions.end(identifier) }
        return Self.cookie("", call.head, lasting: .zero)
    }

    private func proof(_ subject: String) -> String {
        Hex.encode(proofKey.authenticationCode(for: Array(subject.utf8)))
    }

    /// `SameSite` keeps the cookie from other sites' forms, this also from other servers on the same host.
    private func checkOrigin(_ head: HTTPRequest) throws(Refusal) {
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ head.headerFields[$0] }) {
            guard site == "same-origin" || site == "none" else { throw .foreign("the form comes from a page of another site") }
        } else if let origin = head.headerFields[.origin] {
            let host = origin.split(separator: "/").last.map { $0.lowercased() }
            guard host == head.authority?.lowercased() else { throw .foreign("the form comes from a page of another site") }
        }
    }

    // MARK: The cookie

    /// A browser on this machine speaks plain HTTP to it, where there is nothing to overhear; everybody else has to use HTTPS, or the cookie is
    /// not kept.
    private static func isLocal(_ head: HTTPRequest) -> Bool { head.authority.map { OpenServerRule.isLoopback($0) } ?? false }

    private static func cookie(_ head: HTTPRequest) -> String? {
        let name = isLocal(head) ? plainName : secureName
        for pair in head.headerFields[values: .cookie].flatMap({ $0.split(separator: ";") }) {
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }

    private static func cookie(_ value: String, _ head: HTTPRequest, lasting: Duration) -> String {
        let isLocal = isLocal(head)
        let age = lasting.wholeMilliseconds / 1000
        return "\(isLocal ? plainName : secureName)=\(value); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(isLocal ? "" : "; Secure")"
    }
}
