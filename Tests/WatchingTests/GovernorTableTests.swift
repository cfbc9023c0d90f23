import ResponsesAPI
import RingbackCore
import RingbackTesting
import Testing

@testable import Watching

@Suite("The governors of many credentials")
struct GovernorTableTests {
    private let start = Moment(nanoseconds: 0)
    private let digest = CredentialDigest()
    private let upstream = Upstream(
        name: UpstreamName(trusted: "a"), baseURL: "https://api.example.com/v1", apiKey: Secret("own"), requestsPerSecond: 10)

    private func key(_ secret: String) -> CredentialKey {
        let client = ResponsesClient(upstream: upstream, transport: ScriptedTransport())
        return digest.key(of: client.credential(headers: [HeaderField("Authorization", Secret(secret))]))
    }

    @Test("are one for each credential, and go when nobody has used them for long")
    func idle() {
        var table = GovernorTable()
        let own = key("own")
        let first = table.governor(of: key("1"), for: upstream, own: own, start)
        #expect(table.governor(of: key("1"), for: upstream, own: own, start) === first)
        let busy = table.governor(of: key("2"), for: upstream, own: own, start)
        busy.streams = 1
        table.sweep(start + .seconds(599))
        #expect(table.count == 2)
        table.sweep(start + .seconds(700))
        #expect(table.count == 1)
        #expect(table[key("2")] === busy)
        busy.streams = 0
        busy.governor.hold(until: start + .seconds(3000))
        table.sweep(start + .seconds(2000))
        #expect(table.count == 1, "a hold is not forgotten")
        table.sweep(start + .seconds(3000))
        #expect(table.count == 0)
    }

    @Test("are bounded in number: what is above counts under the upstream's own credential")
    func bounded() {
        var table = GovernorTable()
        let own = key("own")
        let mine = table.governor(of: own, for: upstream, own: own, start)
        for number in 1..<GovernorTable.maximumCount { _ = table.governor(of: key("\(number)"), for: upstream, own: own, start) }
        #expect(table.governor(of: key("one more"), for: upstream, own: own, start) === mine)
        #expect(table.count == GovernorTable.maximumCount)
        let later = start + .seconds(1000)
        #expect(table.governor(of: key("one more"), for: upstream, own: own, later) !== mine)
        #expect(table.count == 1)
    }

    @Test("keep the rate of the most careful upstream that shares them")
    func careful() {
        var table = GovernorTable()
        let own = key("own")
        var slower = upstream
        slower.name = UpstreamName(trusted: "b")
        slower.requestsPerSecond = 2
        let governor = table.governor(of: own, for: upstream, own: own, start)
        #expect(governor.governor.perSecond == 10)
        _ = table.governor(of: own, for: slower, own: own, start)
        #expect(governor.governor.perSecond == 2)
        governor.setRate(nil, of: slower.name, start)
        #expect(governor.governor.perSecond == 10)
    }

    @Test("are named by digests that do not show and that another process cannot make")
    func secrecy() {
        #expect("\(key("sk-1"))" == "<credential>")
        #expect("\(String(reflecting: key("sk-1")))" == "<credential>")
        #expect(key("sk-1") == key("sk-1"))
        #expect(key("sk-1") != key("sk-2"))
        let client = ResponsesClient(upstream: upstream, transport: ScriptedTransport())
        #expect(CredentialDigest().key(of: client.credential(headers: [])) != digest.key(of: client.credential(headers: [])))
    }
}
