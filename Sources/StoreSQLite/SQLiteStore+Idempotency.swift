import Cryptography
import Foundation
import GRDB
package import RingbackCore
package import Store

// Requests that are not to be done twice.
//
// A row without an answer is a request that is being worked on. Rows like that which a dead process left go when the store is opened: their
// requests may be made again. What they did is not done twice all the same, since watches, events and deliveries have derived ids, and a
// relayed create has its intent on record.
extension SQLiteStore {
    package func admit(_ key: IdempotencyKey, digest: [UInt8], now: Timestamp) async throws(StoreError) -> IdempotencyAdmission {
        let id = key.rowID
        return try await change { [sealer] database in
            try database.forgetIdempotencyKeys(before: now - IdempotencyKey.lifetime)
            if let row = try database.row("SELECT digest, answer FROM idempotency_keys WHERE id = ?1", [id]) {
                var column = ColumnReader(row)
                guard try column.next(Data.self) == Data(digest) else { return .mismatch }
                guard let answer = try column.next(Data?.self) else { return .underWay }
                return .repeated(try StoredJSON.decode(StoredAnswer.self, from: sealer.open(answer, .idempotentAnswer, of: id)).answer)
            }
            try database.run(
                "INSERT INTO idempotency_keys (id, digest, created_at) VALUES (?1, ?2, ?3)", [id, Data(digest), now])
            try database.boundIdempotencyKeys()
            return .proceed
        }
    }

    package func finish(_ key: IdempotencyKey, with answer: KeptAnswer?) async throws(StoreError) {
        let id = key.rowID
        // An answer may show a secret this one time: it is sealed like one.
        let sealed = try prepared {
            try answer.map { sealer.seal(try StoredJSON.encode(StoredAnswer($0)), .idempotentAnswer, of: id) }
        }
        try await change { database in
            guard let sealed else {
                try database.run("DELETE FROM idempotency_keys WHERE id = ?1 AND answer IS NULL", [id])
                return
            }
            try database.run(
                "UPDATE idempotency_keys SET answer = ?2, bytes = ?3 WHERE id = ?1 AND answer IS NULL", [id, sealed, sealed.count])
            try database.boundIdempotencyKeys()
        }
    }
}

/// An answer as it is kept.
private struct StoredAnswer: Codable {
    let status: Int
    let headers: [[String]]
    /// In base64, which takes a third more room than the bytes and much less than a list of numbers.
    let body: Data

    init(_ answer: KeptAnswer) {
        status = answer.status
        headers = answer.headers.map { [$0.name, $0.value] }
        body = Data(answer.body)
    }

    var answer: KeptAnswer {
        let headers = headers.compactMap { pair in pair.count == 2 ? KeptAnswer.Header(name: pair[0], value: pair[1]) : nil }
        return KeptAnswer(status: status, headers: headers, body: Array(body))
    }
}

extension IdempotencyKey {
    /// What the row is called: a digest, since what clients choose as a key may be long, and nobody else's business.
    fileprivate var rowID: String {
        let parts = [caller.map { "caller:\($0)" } ?? "anybody", target, text]
        return Hex.encode(SHA256.digest(of: Array(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8)))
    }
}

extension Database {
    /// Frees the keys of requests that a process was working on which is gone.
    func forgetUnansweredIdempotencyKeys() throws {
        try run("DELETE FROM idempotency_keys WHERE answer IS NULL")
    }

    fileprivate func forgetIdempotencyKeys(before time: Timestamp) throws {
        try run("DELETE FROM idempotency_keys WHERE created_at <= ?1", [time])
    }

    /// The sums are read from an index alone, and there are few rows in it.
    fileprivate func boundIdempotencyKeys() throws {
        while let row = try row("SELECT count(*), total(bytes) FROM idempotency_keys") {
            var column = ColumnReader(row)
            let count: Int = try column.next()
            let bytes: Double = try column.next()
            guard count > IdempotencyKey.maximumCount || bytes > Double(IdempotencyKey.maximumTotalBytes) else { return }
            try run("DELETE FROM idempotency_keys WHERE seq IN (SELECT seq FROM idempotency_keys ORDER BY created_at, seq LIMIT 1)")
        }
    }
}
