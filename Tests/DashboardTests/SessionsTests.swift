import Control
import RingbackCore
import Testing

@testable import Dashboard

@Suite("Sessions")
struct SessionsTests {
    private let sessions = Sessions()
    private let token = AccessToken(name: "ops", token: Secret("ops-token"), scopes: [.admin])
    private let start = Moment(nanoseconds: 0)

    @Test("are known by their text alone, and end when they are told to")
    func lifetime() {
        let identifier = sessions.begin(token, now: start)
        #expect(identifier.count == 64 && identifier != sessions.begin(token, now: start))
        #expect(sessions.caller(identifier, tokens: [token], now: start) == Caller(name: "ops", scope: .admin))
        #expect(sessions.caller(String(identifier.dropLast()), tokens: [token], now: start) == nil)
        sessions.end(identifier)
        #expect(sessions.caller(identifier, tokens: [token], now: start) == nil)
    }

    @Test("end with the token they were begun with")
    func revoked() {
        let identifier = sessions.begin(token, now: start)
        let other = AccessToken(name: "ops", token: Secret("another-token"), scopes: [.admin])
        #expect(sessions.caller(identifier, tokens: [other], now: start) == nil)
        let lesser = AccessToken(name: "ops", token: Secret("ops-token"), scopes: [.read])
        #expect(sessions.caller(identifier, tokens: [other, lesser], now: start)?.scope == .read)
    }

    @Test("end when they are not used, and after half a day whatever happens")
    func ages() {
        let idle = sessions.begin(token, now: start)
        #expect(sessions.caller(idle, tokens: [token], now: start + Sessions.longestIdle) == nil)
        let busy = sessions.begin(token, now: start)
        var now = start
        while now - start < Sessions.longest - .seconds(3600) {
            now = now + .seconds(3600)
            #expect(sessions.caller(busy, tokens: [token], now: now) != nil)
        }
        #expect(sessions.caller(busy, tokens: [token], now: start + Sessions.longest) == nil)
    }

    @Test("are bounded: the one that was not used for longest makes room")
    func bounds() {
        let first = sessions.begin(token, now: start)
        let second = sessions.begin(token, now: start + .seconds(1))
        #expect(sessions.caller(first, tokens: [token], now: start + .seconds(2)) != nil)
        for number in 0..<(Sessions.maximum - 1) { _ = sessions.begin(token, now: start + .seconds(3 + number)) }
        #expect(sessions.caller(first, tokens: [token], now: start + .seconds(3)) != nil)
        #expect(sessions.caller(second, tokens: [token], now: start + .seconds(3)) == nil)
    }
}
