import Foundation
import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

/// A sample of what a vendor sends, for tests whose rows hold for several.
struct Sample<Content: Sendable>: Sendable, CustomTestStringConvertible {
    let vendor: String
    let content: Content

    init(_ vendor: String, _ content: Content) {
        self.vendor = vendor
        self.content = content
    }

    var testDescription: String { vendor }
}

extension EngineBench {
    /// An upstream that is only polled.
    static var polled: Upstream { upstream { $0.follow = .poll } }

    /// Waits for the only event there is to be, and checks that it is.
    func onlyEvent(of id: WatchID) async throws -> Event {
        let job = try await intake.next()
        try await moveClock { await engine.snapshot().unwrittenEndings == 0 }
        let events = try await store.events(EventFilter(watch: id), page: PageRequest()).elements
        #expect(events.map(\.type) == [job.event.type])
        return job.event
    }

    /// Answers polls with these objects, one after the other, until there are none left.
    func answerPolls(_ bodies: [String]) async throws {
        for body in bodies {
            let call = try await callLater()
            #expect(!call.isStream)
            await call.json(200, body)
        }
    }
}

extension WatchEngineOptions {
    /// For tests that go through hours: what the engine does every few seconds by itself is rare.
    static var patient: WatchEngineOptions {
        var options = WatchEngineOptions()
        options.claimInterval = .seconds(600)
        options.progressInterval = .seconds(600)
        return options
    }
}

extension ScriptedCall {
    /// Opens a stream and sends these bytes as they are.
    func stream(_ text: String) async {
        await openStream()
        await send(text)
    }

    var path: String { URL(string: request.url)?.path() ?? "" }
    var query: String? { URL(string: request.url)?.query() }
}

/// An answer as the ResponsesAPI floor reads it.
func read(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) -> RetrieveAnswer {
    let head = TransferHead(status: status, headers: [(name: "content-type", value: "application/json")] + headers)
    return RetrieveAnswer(head: head, body: Array(body.utf8), now: Timestamp(unixSeconds: 1_790_000_000))
}

extension RetrieveAnswer {
    var object: ResponseObject? {
        if case .response(let object) = self { object } else { nil }
    }
}

/// One SSE frame with an `event` line.
func frame(_ type: String, _ data: String) -> String { "event: \(type)\ndata: \(data)\n\n" }

/// One SSE frame without.
func frame(_ data: String) -> String { "data: \(data)\n\n" }
