import RingbackCore
import Testing

@testable import ringback

@Suite("A reading of the metrics")
struct MetricsReadingTests {
    private let reading = MetricsReading(
        """
        # HELP ringback_watches Open watches
        # TYPE ringback_watches gauge
        ringback_watches{following="stream",status="queued"} 2
        ringback_watches{following="stream",status="in_progress"} 3
        ringback_watches{following="poll",status="queued"} 4
        ringback_odd{name="a \\"b\\" \\\\ c\\nd,e=f"} 1.5
        process_start_time_seconds 1790000000.25
        ringback_broken{name="

        """)

    @Test("finds figures by name and labels")
    func sums() {
        #expect(reading.sum("ringback_watches") == 9)
        #expect(reading.sum("ringback_watches", ["following": "stream"]) == 5)
        #expect(reading.sum("ringback_watches", ["following": "stream", "status": "queued"]) == 2)
        #expect(reading.sums("ringback_watches", by: "status") == ["queued": 6, "in_progress": 3])
        #expect(reading.sum("process_start_time_seconds") == 1_790_000_000.25)
        #expect(reading.sum("nothing") == 0 && reading.sums("nothing", by: "x").isEmpty)
    }

    @Test("undoes the escapes of a label")
    func escapes() {
        #expect(reading.sums("ringback_odd", by: "name") == ["a \"b\" \\ c\nd,e=f": 1.5])
    }

    @Test("gives rates between two of the same process, and none across a restart")
    func rates() throws {
        func reading(_ start: Int, _ delivered: Int, _ failed: Int) -> MetricsReading {
            MetricsReading(
                """
                process_start_time_seconds \(start)
                ringback_watch_endings_total{status="completed"} \(delivered)
                ringback_delivery_outcomes_total{outcome="delivered"} \(delivered)
                ringback_delivery_outcomes_total{outcome="retry"} 99
                ringback_delivery_attempts_failed_total{error="timeout"} \(failed)

                """)
        }
        let rates = try #require(TopSnapshot.Rates(from: reading(1, 10, 1), to: reading(1, 30, 2), over: .seconds(2)))
        #expect(rates.delivered == 10 && rates.endings == 10 && rates.failed == 0.5)
        #expect(TopSnapshot.Rates(from: reading(1, 10, 1), to: reading(2, 0, 0), over: .seconds(2)) == nil)
        #expect(TopSnapshot.Rates(from: reading(1, 10, 1), to: reading(1, 30, 2), over: .zero) == nil)
    }
}

@Suite("The picture of top")
struct TopPictureTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func snapshot(
        endpoints: [TopSnapshot.EndpointRow] = [], rings: [TopSnapshot.Ring] = [], dead: Int = 0
    ) -> TopSnapshot {
        TopSnapshot(
            now: Self.now, server: "http://127.0.0.1:8787", version: "0.1.0", upSince: Self.now - .seconds(3723),
            following: ["stream": 40, "poll": 2, "none": 0], statuses: ["queued": 12, "in_progress": 30], streams: 40, waitingRequests: 3,
            unwrittenEndings: 0, rates: .init(endings: 1.24, delivered: 120.4, failed: 0), deadLetters: dead, moreDeadLetters: dead > 99,
            residentBytes: 73 << 20, endpoints: endpoints, rings: rings)
    }

    private func row(_ name: String, state: String = "closed", rate: Double? = nil, attempts: Int = 0) -> TopSnapshot.EndpointRow {
        TopSnapshot.EndpointRow(
            name: name, kind: "webhook", state: state, successRate: rate, attempts: attempts, queueAge: rate == nil ? .zero : .seconds(65))
    }

    private func ring(_ response: String, type: String = "response.completed", ago: Int = 5) -> TopSnapshot.Ring {
        TopSnapshot.Ring(at: Self.now - .seconds(ago), type: type, response: response, upstream: "default")
    }

    @Test("shows everything where there is room")
    func wide() {
        let snapshot = snapshot(
            endpoints: [row("shop", state: "open", rate: 0.129, attempts: 31), row("scripts")],
            rings: [ring("resp_2"), ring("resp_1", type: "response.failed", ago: 75)], dead: 100)
        let picture = TopPicture(snapshot, columns: 100)
        #expect(
            picture.text == """
                ringback 0.1.0  http://127.0.0.1:8787  up 1:02:03  \(Self.now.rfc3339.dropFirst(11).prefix(8))Z
                watches   42 open: 12 queued, 30 in progress; 40 streamed, 2 polled
                traffic   1.2 ended, 120 delivered, 0 attempts failed, per second
                stock     100+ dead letters, 40 streams, 3 requests waiting, 73 MiB

                ENDPOINT KIND         BREAKER   SUCCESS ATTEMPTS  OLDEST
                shop     webhook      open         12 %       31    1:05
                scripts  webhook      closed          -        0       -

                     AGO  EVENT               UPSTREAM  RESPONSE
                      5s  response.completed  default   resp_2
                    1:15  response.failed     default   resp_1
                """)
        let styles = picture.lines.map(\.style)
        #expect(styles == [.title, .plain, .plain, .alarm, .plain, .heading, .alarm, .plain, .plain, .heading, .plain, .alarm])
    }

    @Test(
        "fits every size, and shows something of both tables as long as there are lines for it",
        arguments: [1, 2, 5, 20, 40, 59, 60, 80, 200])
    func sizes(_ columns: Int) {
        let snapshot = snapshot(
            endpoints: (1...40).map { row("endpoint-with-a-long-name-\($0)", rate: 0.5, attempts: $0) },
            rings: (1...40).map { ring("resp_\(String(repeating: "x", count: 60))\($0)") })
        for rows in 1...90 {
            let picture = TopPicture(snapshot, columns: columns, rows: rows)
            #expect(picture.lines.count <= rows)
            for line in picture.lines { #expect(Columns.count(line.text) <= columns, "\(columns)x\(rows): \(line.text)") }
            guard rows >= 16, columns >= 40 else { continue }
            let text = picture.text
            #expect(text.contains("endpoint-with-a"), "\(columns)x\(rows)")
            #expect(text.contains("response.completed"), "\(columns)x\(rows)")
        }
        #expect(TopPicture(snapshot, columns: 200).lines.count == 5 + 42 + 41)
    }

    @Test("lets no stranger write to the terminal")
    func hostile() {
        let evil = "x\u{1B}[2J\u{9B}31m\r\n\u{202E}\u{7}"
        let snapshot = TopSnapshot(
            now: Self.now, server: evil, version: evil, upSince: nil, following: [evil: 1], statuses: [:], streams: 0, waitingRequests: 0,
            unwrittenEndings: 0, rates: nil, deadLetters: 0, moreDeadLetters: false, residentBytes: 0,
            endpoints: [.init(name: evil, kind: evil, state: evil, successRate: nil, attempts: 0, queueAge: .zero)],
            rings: [.init(at: Self.now, type: evil, response: evil, upstream: evil)])
        for columns in [30, 120] {
            for line in TopPicture(snapshot, trouble: evil, columns: columns).lines {
                let dangerous = line.text.unicodeScalars.filter {
                    [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
                }
                #expect(dangerous.isEmpty, "\(line.text.debugDescription)")
            }
        }
    }

    @Test("says so when it is old, and when there is nothing")
    func empty() {
        let text = TopPicture(snapshot(), trouble: "connection refused", columns: 100).text
        #expect(text.contains("\nnot fresh: connection refused\n"))
        #expect(text.contains("\nNo endpoints.\n") && text.hasSuffix("\nNothing has rung yet."))
    }
}
