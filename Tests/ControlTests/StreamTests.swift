import Control
import Foundation
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("The live feed", .timeLimit(.minutes(5)))
struct StreamTests {
    @Test("tells what changes, in order, as the objects the API shows")
    func tells() async throws {
        try await ControlUnderTest.with { control async throws in
            let listener = try await Listener.open(control)
            #expect(try await listener.next().name == "ready")
            try await control.finished("resp_1")
            let (watch, _, event, delivery) = (
                try await listener.next(), try await listener.next(), try await listener.next(), try await listener.next()
            )
            #expect([watch, event, delivery].map(\.name) == ["watch", "event", "delivery"])
            #expect(watch.data["response_id"] == "resp_1" && delivery.data["status"] == "pending")
            let shown = try await control.probe.send("GET", "/v1/deliveries/\(delivery.data["id"]?.string ?? "")").json()
            for member in try #require(delivery.data.members) { #expect(shown[member.key] == member.value, "\(member.key)") }
            listener.close()
        }
    }

    @Test("goes on after the last event a client had, without a gap", arguments: ["Last-Event-ID", "after"])
    func resumes(_ way: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let first = try await Listener.open(control)
            let place = try await first.next().id
            first.close()
            for number in 1...700 {
                _ = try await control.store.register(
                    NewWatch(upstream: .main, response: ResponseID(trusted: "resp_\(number)")), now: control.time.wallNow)
            }
            let second =
                way == "after"
                ? try await Listener.open(control, query: "?after=\(place)")
                : try await Listener.open(control, query: "?after=nonsense-1", headers: [("Last-Event-ID", place)])
            #expect(try await second.next().name == "ready")
            for number in 1...700 { #expect(try await second.next().data["response_id"] == .string("resp_\(number)")) }
            _ = try await control.store.register(
                NewWatch(upstream: .main, response: ResponseID(trusted: "resp_live")), now: control.time.wallNow)
            #expect(try await second.next().data["response_id"] == "resp_live")
            second.close()
        }
    }

    @Test(
        "says by reset that it cannot go on without a gap: after a restart, and to a place it never gave",
        arguments: ["0123456789ab-3", "nonsense", "-", "\u{1}"])
    func resets(_ place: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let listener = try await Listener.open(control, query: "?after=\(place == "\u{1}" ? "%01" : place)")
            let reset = try await listener.next()
            #expect(reset.name == "reset" && reset.data["reason"] == "restarted")
            // From the place in the reset on it is whole again.
            _ = try await control.store.register(
                NewWatch(upstream: .main, response: ResponseID(trusted: "resp_1")), now: control.time.wallNow)
            #expect(try await listener.next().name == "watch")
            listener.close()
        }
    }

    @Test("tells a client that was away for longer than changes are remembered to look anew")
    func tooFarBehind() async throws {
        try await ControlUnderTest.with { control async throws in
            let first = try await Listener.open(control)
            let place = try await first.next().id
            first.close()
            let id = ResponseID(trusted: "resp_1")
            _ = try await control.store.register(NewWatch(upstream: .main, response: id), now: control.time.wallNow)
            let claimed = try await control.store.claimWatches(for: ControlUnderTest.node, now: control.time.wallNow, limit: 1)
            let progress = WatchProgress(id: WatchID(upstream: .main, response: id), lease: try #require(claimed.first).lease, model: "m")
            // The journal holds 32 768 changes.
            try await control.store.saveProgress([WatchProgress](repeating: progress, count: 33_000), now: control.time.wallNow)
            let second = try await Listener.open(control, headers: [("Last-Event-ID", place)])
            #expect(try await second.next().name == "ready")
            let reset = try await second.next()
            #expect(reset.name == "reset" && reset.data["reason"] == "too_far_behind")
            second.close()
        }
    }

    @Test("sends a comment when nothing happens")
    func heartbeat() async throws {
        try await ControlUnderTest.with { control async throws in
            let listener = try await Listener.open(control)
            _ = try await listener.next()
            await control.time.waitForSleeper()
            control.time.advance(by: .seconds(16))
            #expect(try await listener.comment() == ": still here")
            listener.close()
        }
    }

    @Test("drops who takes nothing, and goes on for the others")
    func stuckListener() async throws {
        try await ControlUnderTest.with { control async throws in
            let stuck = try await Listener.open(control)
            // More than sockets hold.
            let filler = String(repeating: "x", count: 500)
            let metadata = Dictionary(uniqueKeysWithValues: (0..<16).map { ("key-\($0)", filler) })
            for number in 1...1500 {
                let watch = NewWatch(upstream: .main, response: ResponseID(trusted: "resp_\(number)"), metadata: metadata)
                _ = try await control.store.register(watch, now: control.time.wallNow)
            }
            let lively = try await Listener.open(control)
            #expect(try await lively.next().name == "ready")
            // Each comes when the one before was taken: between them whoever can write has written.
            for number in 1...12 {
                await control.time.waitForSleeper()
                control.time.advance(by: FeedLimits.heartbeat)
                #expect(try await lively.comment() == ": still here", "\(number)")
            }
            let watch = NewWatch(upstream: .main, response: ResponseID(trusted: "resp_late"))
            _ = try await control.store.register(watch, now: control.time.wallNow)
            #expect(try await lively.next().data["response_id"] == "resp_late")
            let rest = try await stuck.rest()
            #expect(rest.contains("resp_1\"") && !rest.contains("resp_late"), "it was cut off")
            lively.close()
        }
    }

    @Test("needs the scope read, refuses what it does not know, and says when there are too many")
    func refusals() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = [AccessToken(name: "nobody", token: Secret("nobody-token"), scopes: [])]
        try await ControlUnderTest.with(options) { control async throws in
            #expect(try await control.probe.send("GET", "/v1/stream").status == 401)
            let headers = [("Authorization", "Bearer nobody-token")]
            #expect(try await control.probe.send("GET", "/v1/stream", headers: headers).status == 403)
        }
        try await ControlUnderTest.with { control async throws in
            #expect(try await control.probe.send("GET", "/v1/stream?since=1").status == 400)
            #expect(try await control.probe.send("HEAD", "/v1/stream").status == 200)
            var listeners: [Listener] = []
            for _ in 0..<FeedLimits.listeners {
                let listener = try await Listener.open(control)
                _ = try await listener.next()
                listeners.append(listener)
            }
            let refused = try await control.probe.send("GET", "/v1/stream")
            #expect(refused.status == 503 && refused.headers["retry-after"] == "5")
            for listener in listeners { listener.close() }
        }
    }
}

/// A client of the feed.
private final class Listener: Sendable {
    struct Event {
        let name: String
        let id: String
        let data: JSON
    }

    private let answer: OpenAnswer

    private init(_ answer: OpenAnswer) {
        self.answer = answer
    }

    static func open(_ control: ControlUnderTest, query: String = "", headers: [(String, String)] = []) async throws -> Listener {
        let answer = try await OpenAnswer.open(port: control.probe.port, "GET", "/v1/stream" + query, headers: headers)
        let head = try await answer.read(until: "\r\n\r\n")
        #expect(head.contains("200 OK") && head.lowercased().contains("content-type: text/event-stream"))
        return Listener(answer)
    }

    /// The next event, past comments and what belongs to the transfer.
    func next() async throws -> Event {
        let id = try await answer.read(until: "\nevent: ")
        let name = try await answer.read(until: "\ndata: ")
        let data = try await answer.read(until: "\n\n")
        return Event(
            name: String(name.dropLast(7)), id: String(id[(try #require(id.range(of: "id: "))).upperBound...].dropLast(8)),
            data: try JSON(parsing: Array(data.dropLast(2).utf8)))
    }

    func comment() async throws -> String {
        let text = try await answer.read(until: "\n\n")
        return String(text.split(separator: "\n").last?.drop { $0 != ":" } ?? "")
    }

    func rest() async throws -> String { try await answer.rest() }

    func close() { answer.close() }
}
