import RingbackCore
import Sandbox

/// What the demo waits for and what has come: prints each arrival once, and knows when everything is there.
actor DemoBoard {
    /// One response of the demo.
    struct Expected: Sendable {
        let id: String
        let outcome: TerminalStatus
    }

    private let start: Moment
    private let time: any TimeSource
    private let alarm: Alarm
    private var expected: [Expected] = []
    private var callbacks: Set<String> = []
    private var files: Set<String> = []
    private var refusal: String?

    /// - Parameter alarm: Rung whenever something has arrived.
    init(time: any TimeSource, alarm: Alarm) {
        self.time = time
        self.alarm = alarm
        start = time.now
    }

    /// - Parameter plan: What will come of it, for a person.
    func expect(_ response: Expected, plan: String) {
        expected.append(response)
        say("created", "\(response.id.shortened)  queued at the vendor; \(plan)")
    }

    func progress(_ id: String, status: String, event: Int64?) {
        say("progress", "\(id.shortened)  \(status)\(event.map { ", event \($0)" } ?? "")")
    }

    /// - Parameters:
    ///   - type: Such as `response.failed`.
    ///   - response: The id in the callback's `data`.
    func callback(_ callback: ReceivedCallback, type: String, response: String) {
        guard callback.verdict == .verified else {
            refusal = "the receiver could not verify a callback: \(callback.verdict)"
            alarm.ring()
            return
        }
        callbacks.insert("\(response) \(type)")
        say(
            "callback",
            "\(response.shortened)  \(type)  signature verified  \(callback.webhookID.map { "(webhook-id \($0.shortened))" } ?? "")")
        alarm.ring()
    }

    func file(_ name: String) {
        guard files.insert(name).inserted else { return }
        say("file", "new/\(name)")
        alarm.ring()
    }

    /// What is still missing, in words; empty when everything has arrived.
    var missing: [String] {
        expected.flatMap { response in
            var words: [String] = []
            if !callbacks.contains("\(response.id) response.\(response.outcome.rawValue)") {
                words.append("the callback of \(response.id) (\(response.outcome.rawValue))")
            }
            if !files.contains(where: { $0.contains(response.id) && $0.hasSuffix(".\(response.outcome.rawValue).json") }) {
                words.append("the file of \(response.id) (\(response.outcome.rawValue))")
            }
            return words
        }
    }

    /// Why waiting on is pointless; `nil` while it is not.
    var failure: String? { refusal }

    var elapsed: Duration { time.now - start }

    func say(_ kind: String, _ text: String) {
        let tenths = Int((elapsed.inSeconds * 10).rounded())
        let clock = "\(tenths / 10).\(tenths % 10)s"
        Terminal.print("  \(clock.leftPadded(to: 6))  \(kind.rightPadded(to: 9))  \(text)")
    }
}

extension String {
    /// The beginning of an id, for people.
    fileprivate var shortened: String { count > 16 ? "\(prefix(15))…" : self }

    fileprivate func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    fileprivate func rightPadded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
