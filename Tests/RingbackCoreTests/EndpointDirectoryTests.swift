import RingbackCore
import Testing

@Suite("A glob")
struct GlobTests {
    @Test(
        "matches with stars for any run of characters",
        arguments: [
            ("", "", true), ("", "a", false), ("*", "", true), ("*", "anything", true), ("gpt-*", "gpt-5", true), ("gpt-*", "gpt-", true),
            ("gpt-*", "xgpt-5", false),
            ("*-mini", "gpt-5-mini", true), ("*-mini", "gpt-5-mini-2", false), ("g*5*i", "gpt-5-mini", true), ("a*b*c", "abcbc", true),
            ("a*b*c", "acb", false),
            ("**a**", "a", true), ("a?c", "abc", false), ("a?c", "a?c", true), ("[ab]", "a", false), ("é*", "école", true),
            ("GPT", "gpt", false), ("*aab", "aaaab", true),
        ])
    func matching(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Glob.matches(pattern, text) == matches)
    }

    @Test("with many stars ends, also against a text made to keep it busy")
    func hostile() {
        #expect(!Glob.matches(String(repeating: "a*", count: 100) + "b", String(repeating: "a", count: 5000)))
    }
}

@Suite("An event pattern")
struct EventPatternTests {
    @Test(
        "matches a whole type or everything below a prefix",
        arguments: [
            ("*", ["response.completed", "watch.lost", "ringback.test", "response.queued", "response.requires_action"], []),
            (
                "response.*", ["response.completed", "response.failed", "response.incomplete", "response.cancelled"],
                ["watch.lost", "responses.x", "response", "response.queued", "response.in_progress", "response.requires_action"]
            ),
            ("response.requires_action", ["response.requires_action"], ["response.queued", "response.completed"]),
            ("response.completed", ["response.completed"], ["response.failed", "response.completed.x"]),
            ("watch.*", ["watch.lost", "watch.stalled"], ["response.failed"]),
        ])
    func matching(_ text: String, _ types: [String], _ others: [String]) throws {
        let pattern = try #require(EventPattern(text))
        #expect(types.allSatisfy { pattern.matches(EventType($0)) })
        #expect(!others.contains { pattern.matches(EventType($0)) })
        #expect(pattern.description == text)
    }

    @Test(
        "is refused when nothing Ringback emits could match",
        arguments: ["", "response", "response.", "respons.*", "Response.*", "response.done", "resp*", ".*", "*.completed", "**"])
    func refused(_ text: String) {
        #expect(EventPattern(text) == nil)
    }

    @Test("exists for every type there is")
    func everyType() {
        #expect(EventType.all.allSatisfy { EventPattern($0.rawValue) != nil })
        for status in TerminalStatus.allCases {
            #expect(EventPattern.responses.matches(status.eventType))
            #expect(!status.watchStatus.isOpen)
            #expect(status.eventType.rawValue == "response.\(status.rawValue)")
        }
    }
}

@Suite("The endpoint directory")
struct EndpointDirectoryTests {
    private func endpoint(_ name: String, events: [String] = ["response.*"], match: EndpointMatch = EndpointMatch(), isEnabled: Bool = true)
        -> Endpoint
    {
        Endpoint(
            name: EndpointName(trusted: name), origin: .configuration, target: .inbox(InboxTarget(directory: "/inbox")),
            events: events.compactMap(EventPattern.init), match: match,
            isEnabled: isEnabled)
    }

    private func watch(endpoints: [String] = [], callback: Callback? = nil) -> Watch {
        let upstream = UpstreamName(trusted: "u")
        let response = ResponseID(trusted: "resp_1")
        return Watch(
            id: WatchID(upstream: upstream, response: response), upstream: upstream, response: response, status: .queued, following: .none,
            sequenceNumber: nil,
            createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0), terminalAt: nil,
            endpoints: endpoints.map { EndpointName(trusted: $0) }, callback: callback,
            metadata: [:], headers: [], maximumAge: nil, model: nil, usage: nil, lastError: nil, stalled: false)
    }

    private func names(
        _ directory: EndpointDirectory, _ type: EventType, _ watch: Watch, status: WatchStatus = .completed, model: String? = nil,
        metadata: [String: String] = [:]
    ) -> [String] {
        directory.recipients(of: type, watch: watch, status: status, model: model, metadata: metadata).map(\.rawValue)
    }

    /// The table of what `match` means, row by row: an event with the status it leaves the watch in, and which of the endpoints below get
    /// it when the watch names none, and when it names them all.
    struct Row: Sendable, CustomTestStringConvertible {
        let type: EventType
        let status: WatchStatus
        let unnamed: [String]
        let named: [String]

        var testDescription: String { "\(type) (\(status.rawValue))" }
    }

    static let table: [Row] = [
        Row(type: .responseCompleted, status: .completed, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(
            type: .responseFailed, status: .failed, unnamed: ["all", "failures", "this-model"],
            named: ["all", "failures", "other-model", "this-model"]),
        Row(type: .responseIncomplete, status: .incomplete, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(type: .responseCancelled, status: .cancelled, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(
            type: .watchLost, status: .lost, unnamed: ["all", "lost", "this-model"], named: ["all", "lost", "other-model", "this-model"]),
        Row(type: .watchExpired, status: .expired, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(
            type: .watchStalled, status: .inProgress, unnamed: ["all", "running", "this-model"],
            named: ["all", "other-model", "running", "this-model"]),
        Row(type: .watchStalled, status: .queued, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(type: .responseQueued, status: .queued, unnamed: ["all", "this-model"], named: ["all", "other-model", "this-model"]),
        Row(
            type: .responseInProgress, status: .inProgress, unnamed: ["all", "running", "this-model"],
            named: ["all", "other-model", "running", "this-model"]),
        Row(
            type: .responseRequiresAction, status: .inProgress, unnamed: ["all", "running", "this-model"],
            named: ["all", "other-model", "running", "this-model"]),
    ]

    @Test("applies match as the table says", arguments: table)
    func matchTable(_ row: Row) {
        // Progress is told to those who ask for it by name.
        let everything = ["response.*", "watch.*"] + RunningStatus.allCases.map(\.eventType.rawValue)
        let names = ["all", "failures", "lost", "other-model", "outcomes", "running", "silent", "this-model"]
        let directory = EndpointDirectory([
            endpoint("all", events: everything), endpoint("failures", events: everything, match: EndpointMatch(statuses: [.failed])),
            endpoint("lost", events: everything, match: EndpointMatch(statuses: [.lost])),
            endpoint("running", events: everything, match: EndpointMatch(statuses: [.inProgress])),
            endpoint("other-model", events: everything, match: EndpointMatch(model: "other-*")),
            endpoint("this-model", events: everything, match: EndpointMatch(model: "this-*")),
            // Means outcomes by its events and a running response by its status: never.
            endpoint("outcomes", match: EndpointMatch(statuses: [.queued, .inProgress])),
            // Its status would do, its events never come.
            endpoint("silent", events: ["delivery.*"], match: EndpointMatch(statuses: [row.status])),
        ])
        #expect(self.names(directory, row.type, watch(), status: row.status, model: "this-1") == row.unnamed)
        #expect(self.names(directory, row.type, watch(endpoints: names), status: row.status, model: "this-1") == row.named)
    }

    @Test("asks that all conditions hold, and that one of the statuses does")
    func conjunction() {
        let match = EndpointMatch(model: "gpt-*", metadata: ["team": "search"], statuses: [.failed, .incomplete])
        let directory = EndpointDirectory([endpoint("pager", match: match)])
        func get(_ status: TerminalStatus, _ model: String?, _ team: String) -> [String] {
            names(directory, status.eventType, watch(), status: status.watchStatus, model: model, metadata: ["team": team])
        }
        #expect(get(.failed, "gpt-5", "search") == ["pager"])
        #expect(get(.incomplete, "gpt-5", "search") == ["pager"])
        #expect(get(.completed, "gpt-5", "search") == [])
        #expect(get(.failed, nil, "search") == [])
        #expect(get(.failed, "gpt-5", "ads") == [])
    }

    @Test("leaves what is about no watch to the list of events")
    func aboutNoWatch() {
        let match = EndpointMatch(upstream: UpstreamName(trusted: "v"), statuses: [.failed])
        let directory = EndpointDirectory([endpoint("ops", events: ["delivery.*", "endpoint.*"], match: match), endpoint("app")])
        for type in [EventType.deliveryDead, .endpointDisabled, .endpointRecovered] {
            #expect(directory.recipients(of: type).map(\.rawValue) == ["ops"])
        }
    }

    @Test("notifies all endpoints whose events and filters match")
    func filters() {
        let directory = EndpointDirectory([
            endpoint("all"), endpoint("done", events: ["response.completed"]),
            endpoint("other-upstream", match: EndpointMatch(upstream: UpstreamName(trusted: "v"))),
            endpoint("same-upstream", match: EndpointMatch(upstream: UpstreamName(trusted: "u"))),
            endpoint("gpt", match: EndpointMatch(model: "gpt-*")),
            endpoint("search", match: EndpointMatch(metadata: ["team": "sea*"])), endpoint("watcher", events: ["watch.*"]),
        ])
        #expect(names(directory, .responseCompleted, watch()) == ["all", "done", "same-upstream"])
        #expect(names(directory, .responseFailed, watch(), model: "gpt-5") == ["all", "gpt", "same-upstream"])
        #expect(names(directory, .responseFailed, watch(), metadata: ["team": "search"]) == ["all", "same-upstream", "search"])
        #expect(names(directory, .responseFailed, watch(), metadata: ["team": "ads"]) == ["all", "same-upstream"])
        #expect(names(directory, .watchLost, watch()) == ["watcher"])
        #expect(directory.recipients(of: .watchStalled).map(\.rawValue) == ["watcher"])
    }

    @Test("notifies the endpoints a watch names, filters or not, and only for events they take")
    func named() {
        let directory = EndpointDirectory([
            endpoint("a", match: EndpointMatch(model: "none")), endpoint("b", events: ["response.failed"]), endpoint("c"),
        ])
        #expect(names(directory, .responseCompleted, watch(endpoints: ["b", "a"])) == ["a"])
        #expect(names(directory, .responseFailed, watch(endpoints: ["b", "a"])) == ["b", "a"])
    }

    @Test("keeps the delivery of a named endpoint that is gone, so that it is seen")
    func namedButGone() {
        #expect(names(EndpointDirectory(), .responseCompleted, watch(endpoints: ["gone"])) == ["gone"])
    }

    @Test("tells a callback every outcome, beside the endpoints, and nothing in between")
    func callback() {
        let directory = EndpointDirectory([endpoint("a"), endpoint("w", events: ["watch.*"])])
        let watch = watch(callback: Callback(url: "https://h/", secret: nil))
        let callback = EndpointName(callbackOf: watch.id).rawValue
        #expect(names(directory, .responseCancelled, watch) == [callback, "a"])
        #expect(names(directory, .watchLost, watch) == [callback, "w"])
        #expect(names(directory, .watchExpired, watch) == [callback, "w"])
        #expect(names(directory, .watchStalled, watch) == ["w"])
    }

    @Test("tells of progress only who asked for it by name or for everything", arguments: RunningStatus.allCases)
    func progress(_ status: RunningStatus) {
        let directory = EndpointDirectory([
            endpoint("outcomes"), endpoint("all", events: ["*"]), endpoint("progress", events: ["response.*", status.eventType.rawValue]),
        ])
        let callback = Callback(url: "https://h/", secret: nil)
        #expect(names(directory, status.eventType, watch(callback: callback)) == ["all", "progress"])
        #expect(names(directory, status.eventType, watch(endpoints: ["outcomes", "progress", "gone"])) == ["progress"])
        #expect(status.eventType.isProgress)
        #expect(!EventPattern.responses.matches(status.eventType))
    }

    @Test("notifies disabled endpoints too, whose deliveries wait")
    func disabled() {
        #expect(names(EndpointDirectory([endpoint("a", isEnabled: false)]), .responseFailed, watch()) == ["a"])
    }

    @Test("shows what was put in last")
    func changes() {
        let directory = EndpointDirectory([endpoint("b"), endpoint("a")])
        #expect(directory.all.map(\.name.rawValue) == ["a", "b"])
        directory.set(endpoint("c", isEnabled: false))
        directory.remove(EndpointName(trusted: "a"))
        #expect(directory.all.map(\.name.rawValue) == ["b", "c"])
        #expect(directory[EndpointName(trusted: "c")]?.isEnabled == false)
        #expect(directory[EndpointName(trusted: "a")] == nil)
        directory.replaceAll(with: [endpoint("d")])
        #expect(directory.all.map(\.name.rawValue) == ["d"])
    }
}
