import RingbackCore
import Testing

@testable import StoreSQLite

@Suite("What is due")
struct DueDeliveriesTests {
    /// First attempts are numbered from 1, retries from 101, each oldest first.
    private func due(firstAttempts: Int, retries: Int) -> DueDeliveries {
        var due = DueDeliveries()
        for number in (0..<retries).reversed() {
            due.add(Int64(101 + number), dueAt: Timestamp(milliseconds: Int64(number)), isRetry: true)
        }
        for number in (0..<firstAttempts).reversed() {
            due.add(Int64(1 + number), dueAt: Timestamp(milliseconds: Int64(1000 + number)), isRetry: false)
        }
        return due
    }

    @Test(
        "goes first attempts first, oldest first, with the reserved places for retries",
        arguments: [
            (3, 3, 4, 0, [1, 2, 3, 101]),
            (3, 3, 4, 2, [1, 2, 101, 102]),
            (3, 3, 2, 5, [101, 102]),
            (3, 1, 4, 2, [1, 2, 3, 101]),
            (9, 1, 4, 2, [1, 2, 3, 101]),
            (0, 3, 2, 1, [101, 102]),
            (3, 0, 2, 1, [1, 2]),
            (0, 0, 2, 1, []),
            (2, 2, 0, 1, []),
            (2, 2, 3, -1, [1, 2, 101]),
        ]
    )
    func order(firstAttempts: Int, retries: Int, limit: Int, reserved: Int, expected: [Int64]) {
        let due = due(firstAttempts: firstAttempts, retries: retries)
        #expect(due.chosen(limit: limit, reservedForRetries: reserved, retryLimit: limit) == expected)
    }

    @Test("keeps the order of arrival within a millisecond")
    func ties() {
        var due = DueDeliveries()
        for seq: Int64 in [3, 1, 2] { due.add(seq, dueAt: Timestamp(milliseconds: 5), isRetry: false) }
        #expect(due.chosen(limit: 2, reservedForRetries: 0, retryLimit: 2) == [1, 2])
    }
}
