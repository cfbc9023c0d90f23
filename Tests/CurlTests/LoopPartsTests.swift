import CCurl
import Glibc
import RingbackCore
import Testing
import Transport

@testable import Curl

@Suite("The collector of heads")
struct HeadCollectorTests {
    private func collect(_ text: String) -> [TransferHead] {
        var collector = HeadCollector()
        let lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        return lines.compactMap { line in
            (Array(line) + [UInt8(ascii: "\n")]).withUnsafeBufferPointer { collector.add($0) }
        }
    }

    @Test("reads status and headers of HTTP/1 and HTTP/2", arguments: ["HTTP/1.1 201 Created", "HTTP/1.1 201", "HTTP/2 201 "])
    func head(statusLine: String) {
        let heads = collect("\(statusLine)\r\nContent-Type: text/plain\r\nX-Empty:\r\nX-Colon: a:b\r\n\r\n")
        #expect(heads.map(\.status) == [201])
        #expect(heads.first?.headers.map(\.name) == ["content-type", "x-empty", "x-colon"])
        #expect(heads.first?.headers.map(\.value) == ["text/plain", "", "a:b"])
    }

    @Test("drops interim answers with their headers")
    func interim() {
        let heads = collect("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n")
        #expect(heads.map(\.status) == [200])
        #expect(heads.first?.headers.map(\.name) == ["a"])
    }

    @Test("unfolds lines and survives bytes that are no UTF-8")
    func oddities() {
        #expect(collect("HTTP/1.1 200 OK\nA: one\n\t two\n\n").first?["a"] == "one two")
        var collector = HeadCollector()
        let lines: [[UInt8]] = [Array("HTTP/1.1 200 OK\r\n".utf8), [0x41, 0x3A, 0xFF, 0x0D, 0x0A], [0x0D, 0x0A]]
        let heads = lines.compactMap { line in line.withUnsafeBufferPointer { collector.add($0) } }
        #expect(heads.first?["a"] == "\u{FFFD}")
    }
}

@Suite("A transfer loop")
struct TransferLoopTests {
    @Test("measures once per round how long what was posted waited, and never the time in which nothing was posted")
    func delays() throws {
        let loop = try TransferLoop(name: "test")
        var orders: [TransferOrder] = []
        var jobs: [UnownedJob] = []
        loop.submit(.cancel(TransferID(1)))
        loop.submit(.cancel(TransferID(2)))
        loop.takeOrders(&orders)
        #expect(orders.count == 2 && loop.delays.count == 1)
        // Posted between the two halves of a round: the mark must not stay over the sleep that may follow.
        loop.submit(.cancel(TransferID(3)))
        loop.runJobs(reusing: &jobs)
        #expect(loop.delays.count == 2)
        orders.removeAll()
        loop.takeOrders(&orders)
        #expect(orders.count == 1 && loop.delays.count == 2)
        #expect(loop.mayFallAsleep())
        orders.removeAll()
        loop.takeOrders(&orders)
        loop.runJobs(reusing: &jobs)
        #expect(loop.delays.count == 2)
    }
}

@Suite("The queue of deadlines")
struct DeadlineQueueTests {
    @Test("gives deadlines in their order, never before their time")
    func order() {
        var queue = DeadlineQueue()
        let start = MonotonicInstant(nanoseconds: 1_000_000_000)
        let late = queue.add(TransferID(1), at: start + .seconds(2))
        let early = queue.add(TransferID(2), at: start + .milliseconds(1))
        #expect(early >= start + .milliseconds(1))
        #expect(early <= start + .milliseconds(1) + .nanoseconds(DeadlineQueue.granularity))
        #expect(queue.next == early)
        #expect(queue.popDue(at: start) == nil)
        #expect(queue.popDue(at: late)?.transfer == TransferID(2))
        #expect(queue.popDue(at: late)?.transfer == TransferID(1))
        #expect(queue.popDue(at: late) == nil)
        #expect(queue.next == nil)
    }

    @Test("takes instants beyond all bounds")
    func saturation() {
        var queue = DeadlineQueue()
        let instant = MonotonicInstant(nanoseconds: 5) + .seconds(Int64.max)
        #expect(queue.add(TransferID(1), at: instant) == MonotonicInstant(nanoseconds: .max))
    }
}

@Suite("The trimming of memory")
struct MemoryTrimTests {
    @Test("comes once, after many ends and a quiet while")
    func quiet() {
        var trim = MemoryTrim()
        let start = MonotonicInstant(nanoseconds: 0)
        for _ in 0..<MemoryTrim.worthwhile { trim.transferEnded(at: start) }
        #expect(trim.due == nil)
        trim.transferEnded(at: start)
        trim.transferEnded(at: start + .seconds(1))
        #expect(trim.due == start + .seconds(6))
        let answers = [5, 6, 60].map { trim.isDue(at: start + .seconds($0)) }
        #expect(answers == [false, true, false])
    }
}

@Suite("A libcurl code")
struct TransportErrorCurlTests {
    private func error(
        _ code: CURLcode, errorNumber: Int32 = 0, isConnected: Bool = true, hasHead: Bool = false
    ) -> TransportError? {
        TransportError(
            code,
            FailureCircumstances(
                host: "example.test", detail: "words", errorNumber: errorNumber, isConnected: isConnected, hasHead: hasHead, headerLimit: 7
            )
        )
    }

    @Test("becomes an error of the transport")
    func mapping() {
        #expect(error(CURLE_OK) == nil)
        #expect(error(CURLE_COULDNT_RESOLVE_HOST) == .nameNotFound(host: "example.test"))
        #expect(error(CURLE_COULDNT_CONNECT, errorNumber: ECONNREFUSED) == .connectionRefused(host: "example.test"))
        #expect(
            error(CURLE_COULDNT_CONNECT, errorNumber: ENETUNREACH) == .unreachable(host: "example.test", detail: "Network is unreachable"))
        #expect(error(CURLE_COULDNT_CONNECT, errorNumber: EMFILE)?.isOurOwn == true)
        #expect(error(CURLE_OPERATION_TIMEDOUT, isConnected: false) == .connectTimeout)
        #expect(error(CURLE_OPERATION_TIMEDOUT) == .totalTimeout)
        #expect(error(CURLE_HTTP2_STREAM) == .connectionLost(detail: "words"))
        #expect(error(CURLE_UNSUPPORTED_PROTOCOL) == .protocolViolation(detail: "words"))
        #expect(error(CURLE_OUT_OF_MEMORY) == .headersTooLarge(limit: 7))
        #expect(error(CURLE_OUT_OF_MEMORY, hasHead: true)?.isOurOwn == true)
        #expect(error(CURLE_BAD_FUNCTION_ARGUMENT)?.isOurOwn == true)
    }

    @Test("of TLS becomes a TLS error", arguments: [35, 53, 54, 58, 59, 60, 66, 77, 82, 83, 90, 91, 98] as [UInt32])
    func tls(code: UInt32) {
        #expect(error(CURLcode(rawValue: code), isConnected: false) == .tls("words"))
    }
}
