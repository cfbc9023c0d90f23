import Presets
import RingbackCore
import Testing

@Suite("The facts of a digest")
struct DigestFactsTests {
    private let endpoint = EndpointName(trusted: "room")

    private func entry(_ number: Int, _ status: TerminalStatus, error: String? = nil) -> (event: Event, response: [UInt8]?) {
        let upstream = UpstreamName(trusted: "default")
        let response = ResponseID(trusted: "resp_\(number)")
        let event = Event(
            id: EventID(upstream: upstream, response: response, type: status.eventType), type: status.eventType,
            createdAt: Timestamp(milliseconds: 1_795_414_328_123), watch: WatchID(upstream: upstream, response: response),
            upstream: upstream, response: response, data: Array(#"{"id":"resp_\#(number)"}"#.utf8))
        let object = error.map { #"{"id":"resp_\#(number)","status":"failed","error":{"code":"\#($0)","message":"m"}}"# }
        return (event, object.map { Array($0.utf8) })
    }

    private func facts(_ entries: [(event: Event, response: [UInt8]?)]) -> PresetFacts {
        PresetFacts(digest: entries, named: EventID(type: .responseCompleted, occasion: "digest"), endpoint: endpoint)
    }

    @Test("count the outcomes, and tell what failed one by one")
    func counts() {
        let completed = (0..<37).map { entry($0, .completed) }
        let failed = [entry(50, .failed, error: "server_error"), entry(51, .incomplete)]
        let facts = facts(completed + failed)
        #expect(facts.values.text(at: "headline") == "37 completed, 1 failed, 1 incomplete")
        #expect(facts.values.text(at: "summary") == "✗ 37 completed, 1 failed, 1 incomplete")
        #expect(facts.values.text(at: "reason") == "✗ Response resp_50 failed: server_error\n… Response resp_51 incomplete")
        #expect(facts.outcome == "failed")
    }

    @Test("are those of a success when everything completed")
    func allWell() {
        let facts = facts([entry(1, .completed), entry(2, .completed)])
        #expect(facts.outcome == "completed")
        #expect(facts.values.text(at: "summary") == "✓ 2 completed")
        #expect(facts.values.text(at: "reason") == "")
    }

    @Test("tell no more failures than a room can bear")
    func bounded() {
        let facts = facts((0..<200).map { entry($0, .failed, error: "e") })
        let lines = facts.values.text(at: "reason")?.split(separator: "\n") ?? []
        #expect(lines.count == PresetFacts.maximumDigestLines + 1)
        #expect(lines.last == "… and 170 more")
    }

    @Test("have every name that one event has, so that no template says something else")
    func names() {
        let one = PresetFacts(
            event: entry(1, .failed).event, response: nil, metadata: [:], endpoint: endpoint, link: nil, includesOutput: false)
        guard case .group(let single) = one.values, case .group(let several) = facts([entry(1, .failed)]).values else {
            Issue.record("facts are a group")
            return
        }
        #expect(Set(single.keys) == Set(several.keys))
    }
}
