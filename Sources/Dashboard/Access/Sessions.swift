import Control
import Cryptography
import NIOConcurrencyHelpers
import RingbackCore

/// Who is signed in. A session is a random text in a cookie; here only its digest is kept, and whose token began it.
///
/// In memory only: a restart signs everybody out. A token that is taken out of the configuration ends its sessions with it.
final class Sessions: Sendable {
    /// Above it the one that was not used for longest makes room.
    static let maximum = 1000
    static let longest: Duration = .seconds(12 * 3600)
    static let longestIdle: Duration = .seconds(2 * 3600)
    private static let identifierBytes = 32

    private struct Session {
        let tokenDigest: [UInt8]
        let startedAt: Moment
        var usedAt: Moment
    }

    private let state = NIOLockedValueBox<[[UInt8]: Session]>([:])

    /// - Returns: The text for the cookie.
    func begin(_ token: AccessToken, now: Moment) -> String {
        let identifier = Hex.encode(SecureRandom.bytes(Self.identifierBytes))
        state.withLockedValue { sessions in
            sessions = sessions.filter { Self.isAlive($0.value, now: now) }
            if sessions.count >= Self.maximum, let oldest = sessions.min(by: { $0.value.usedAt < $1.value.usedAt }) {
                sessions[oldest.key] = nil
            }
            sessions[Self.key(identifier)] = Session(tokenDigest: token.digest, startedAt: now, usedAt: now)
        }
        return identifier
    }

    /// - Returns: `nil` when there is no such session, or its token is none any more.
    func caller(_ identifier: String, tokens: [AccessToken], now: Moment) -> Caller? {
        let key = Self.key(identifier)
        let digest: [UInt8]? = state.withLockedValue { sessions in
            guard var session = sessions[key], Self.isAlive(session, now: now) else {
                sessions[key] = nil
                return nil
            }
            session.usedAt = now
            sessions[key] = session
            return session.tokenDigest
        }
        guard let digest, let token = tokens.first(where: { ConstantTime.equals($0.digest, digest) }) else { return nil }
        return Caller(name: token.name, scope: token.scope)
    }

    func end(_ identifier: String) {
        state.withLockedValue { $0[Self.key(identifier)] = nil }
    }

    private static func isAlive(_ session: Session, now: Moment) -> Bool {
        now - session.startedAt < longest && now - session.usedAt < longestIdle
    }

    /// Looking up by the digest tells by its time nothing about the text.
    private static func key(_ identifier: String) -> [UInt8] { SHA256.digest(of: Array(identifier.utf8)) }
}
