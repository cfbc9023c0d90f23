import RingbackCore
import Testing

/// W3C Trace Context: <https://www.w3.org/TR/trace-context/>.
@Suite("A trace's context")
struct TraceContextTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func read(_ parent: String, _ states: String...) -> TraceContext? {
        TraceContext(parents: [parent], states: states)
    }

    @Test("is read from its header and written as it was")
    func sameAgain() throws {
        let context = try #require(read(Self.parent, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"))
        #expect(context.traceID.text == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID.text == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.parent == Self.parent)
        #expect(context.headers.map(\.name) == ["traceparent", "tracestate"])
        #expect(context.headers.map(\.value) == [Self.parent, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"])
        #expect(TraceContext(text: context.text) == context)
        let bare = try #require(read(Self.parent))
        #expect(bare.headers.map(\.name) == ["traceparent"])
        #expect(TraceContext(text: bare.text) == bare)
        #expect(TraceContext(text: "nonsense") == nil)
    }

    @Test(
        "is not read from what the standard forbids",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0G",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what", " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ])
    func forbidden(_ text: String) {
        #expect(read(text) == nil)
        #expect(read(text, "a=b") == nil, "without a parent the state means nothing")
    }

    @Test("of a later version is read as far as it is known, and passed on in ours")
    func laterVersion() {
        #expect(read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?.parent == Self.parent)
        #expect(read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-says")?.parent == Self.parent)
        #expect(read("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe")?.isSampled == false, "only the last bit is known")
    }

    @Test("has one parent or none")
    func severalParents() {
        #expect(TraceContext(parents: [], states: []) == nil)
        #expect(TraceContext(parents: [Self.parent, Self.parent], states: []) == nil)
    }

    @Test(
        "takes the state of several headers together, without the blanks between",
        arguments: [
            (["a=1", "b=2"], "a=1,b=2"), (["a=1 , b=2\t,,c=3"], "a=1,b=2,c=3"), (["a= 1"], "a= 1"),
            (["fw529a3039@dt=x", "1a@b=y"], "fw529a3039@dt=x,1a@b=y"),
            (["a=1,A=2"], ""), (["a"], ""), (["a=1,a=2"], ""), (["a=b=c"], ""), (["=1"], ""), (["a=é"], ""), (["1a=b"], ""),
            (["a@1=b"], ""),
            ([""], ""),
        ])
    func states(_ states: [String], _ result: String) {
        #expect(TraceContext(parents: [Self.parent], states: states)?.state == result)
    }

    @Test("passes on 32 members at most, and of a long state what the standard wants passed on")
    func longStates() throws {
        let many = (1...33).map { "k\($0)=v" }
        #expect(try #require(TraceContext(parents: [Self.parent], states: Array(many.prefix(32)))).state.split(separator: ",").count == 32)
        #expect(try #require(TraceContext(parents: [Self.parent], states: many)).state == "")
        let long = "long=" + String(repeating: "x", count: 200)
        let short = (1...20).map { "k\($0)=" + String(repeating: "y", count: 30) }
        let state = try #require(TraceContext(parents: [Self.parent], states: [long] + short)).state
        #expect(!state.contains("long=") && state.hasPrefix("k1=") && state.utf8.count <= 512 && state.utf8.count > 450)
    }
}
