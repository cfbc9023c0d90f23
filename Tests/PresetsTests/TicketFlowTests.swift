import Presets
import Settings
import Testing

/// Which requests a ticket preset makes, and what a lost answer leads to.
@Suite("The requests for a ticket")
struct TicketFlowTests {
    private let preset: Preset

    init() throws {
        preset = try #require(try Rendering.library()["request-tracker"])
    }

    @Test("a first event searches and creates")
    func first() {
        var flow = PresetFlow(preset, outcome: "failed", kept: nil)
        #expect(flow.next() == .send(.search))
        flow.searched(found: nil)
        #expect(flow.next() == .send(.create))
        flow.delivered(.create, captured: ["ticket": "7"])
        #expect(flow.next() == .done)
        #expect(flow.captured == ["ticket": "7"])
    }

    @Test("a create whose answer was lost is found, and the event is not told twice")
    func lostCreate() {
        var flow = PresetFlow(preset, outcome: "failed", kept: nil, begun: .create)
        #expect(flow.next() == .send(.search))
        flow.searched(found: ["ticket": "7"])
        #expect(flow.next() == .done)
        #expect(flow.captured == ["ticket": "7"])
    }

    @Test("a create that never arrived is made")
    func unarrivedCreate() {
        var flow = PresetFlow(preset, outcome: "failed", kept: nil, begun: .create)
        #expect(flow.next() == .send(.search))
        flow.searched(found: nil)
        #expect(flow.next() == .send(.create))
    }

    @Test("a ticket that an earlier bridge made is commented")
    func foundElsewhere() {
        var flow = PresetFlow(preset, outcome: "completed", kept: nil)
        #expect(flow.next() == .send(.search))
        flow.searched(found: ["ticket": "7"])
        #expect(flow.next() == .send(.comment))
    }

    @Test("a later event comments without looking")
    func later() {
        var flow = PresetFlow(preset, outcome: "completed", kept: ["ticket": "7"])
        #expect(flow.next() == .send(.comment))
        flow.delivered(.comment, captured: [:])
        #expect(flow.next() == .done)
    }

    @Test("a comment whose answer was lost is looked for, and made only when it is not there", arguments: [true, false])
    func lostComment(isThere: Bool) {
        var flow = PresetFlow(preset, outcome: "completed", kept: ["ticket": "7"], begun: .comment)
        #expect(flow.next() == .send(.check))
        flow.checked(found: isThere)
        #expect(flow.next() == (isThere ? .done : .send(.comment)))
    }

    @Test("a ticket that is gone is made anew, once")
    func gone() {
        var flow = PresetFlow(preset, outcome: "completed", kept: ["ticket": "7"])
        #expect(flow.next() == .send(.comment))
        let isMadeAnew = flow.missing()
        #expect(isMadeAnew)
        #expect(flow.next() == .send(.create))
        let isMadeAgain = flow.missing()
        #expect(!isMadeAgain)
    }

    @Test("every preset that comments without a key of the comment's own can look for the comment")
    func checked() throws {
        for preset in try Rendering.library().all where preset.requests[.comment] != nil && preset.name != "linear" {
            #expect(preset.requests[.check]?.confirmation?.text == "{{delivery_key}}", "\(preset.name)")
        }
    }
}
