import HTTPTypes
import RingbackCore
import Testing

@testable import Control

@Suite("The table of idempotency keys")
struct IdempotencyTableTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private let done = Answer(status: .created, body: [1])

    private func key(_ text: String, caller: String? = "a", target: String = "POST /x") -> IdempotencyTable.Key {
        IdempotencyTable.Key(caller: caller, target: target, key: text)
    }

    /// What was decided, without the answer.
    private func word(_ admission: IdempotencyTable.Admission) -> String {
        switch admission {
        case .proceed: "proceed"
        case .repeated: "repeated"
        case .underWay: "under way"
        case .mismatch: "mismatch"
        }
    }

    @Test("a key is under way, then answered again for a day, then free")
    func life() {
        var table = IdempotencyTable()
        #expect(word(table.admit(key("k"), body: [1], now: start)) == "proceed")
        #expect(word(table.admit(key("k"), body: [1], now: start)) == "under way")
        #expect(word(table.admit(key("k"), body: [2], now: start)) == "mismatch")
        table.finish(key("k"), with: done)
        let late = start + .seconds(24 * 3600 - 1)
        #expect(word(table.admit(key("k"), body: [1], now: late)) == "repeated")
        #expect(word(table.admit(key("k"), body: [2], now: late)) == "mismatch")
        #expect(word(table.admit(key("k"), body: [2], now: start + .seconds(24 * 3600))) == "proceed")
    }

    @Test("callers and routes do not share keys")
    func separate() {
        var table = IdempotencyTable()
        _ = table.admit(key("k"), body: [1], now: start)
        #expect(word(table.admit(key("k", caller: "b"), body: [2], now: start)) == "proceed")
        #expect(word(table.admit(key("k", target: "POST /y"), body: [2], now: start)) == "proceed")
    }

    @Test("what failed, or is too large to keep, frees its key")
    func frees() {
        let answers: [Answer?] = [
            nil, Answer(status: .badRequest), Answer(status: .serviceUnavailable),
            Answer(status: .ok, body: [UInt8](repeating: 0, count: IdempotencyTable.maximumAnswerBytes + 1)),
        ]
        for answer in answers {
            var table = IdempotencyTable()
            _ = table.admit(key("k"), body: [1], now: start)
            table.finish(key("k"), with: answer)
            #expect(word(table.admit(key("k"), body: [2], now: start)) == "proceed")
        }
    }

    @Test("the oldest keys go when there are too many, or when their answers are too large together")
    func bounds() {
        var table = IdempotencyTable()
        for index in 0..<IdempotencyTable.maximumKeys {
            _ = table.admit(key("\(index)"), body: [], now: start)
            table.finish(key("\(index)"), with: done)
        }
        #expect(word(table.admit(key("new"), body: [], now: start)) == "proceed")
        #expect(word(table.admit(key("9999"), body: [], now: start)) == "repeated")
        #expect(word(table.admit(key("0"), body: [], now: start)) == "proceed")

        var heavy = IdempotencyTable()
        let large = Answer(status: .ok, body: [UInt8](repeating: 0, count: IdempotencyTable.maximumAnswerBytes))
        let fitting = IdempotencyTable.maximumTotalBytes / IdempotencyTable.maximumAnswerBytes
        for index in 0...fitting {
            _ = heavy.admit(key("\(index)"), body: [], now: start)
            heavy.finish(key("\(index)"), with: large)
        }
        #expect(word(heavy.admit(key("\(fitting)"), body: [], now: start)) == "repeated")
        #expect(word(heavy.admit(key("0"), body: [], now: start)) == "proceed")
    }
}
