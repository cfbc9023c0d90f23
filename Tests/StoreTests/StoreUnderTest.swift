import Foundation
import Logging
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

/// One kind of store, as the conformance suite sees it. A further kind is a further element of ``available``.
struct StoreUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens the store that lives in a directory, for the first time or again.
    let open: @Sendable (_ directory: URL, _ time: any TimeSource) throws -> any Store

    static let available = [sqlite]

    static let sqlite = StoreUnderTest(testDescription: "SQLite") { directory, time in
        try openSQLite(in: directory, time: time)
    }

    /// Runs `body` with an empty store, and closes it afterwards.
    func withScene(_ body: (Scene) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try open(directory, time)
            do {
                try await body(Scene(store: store, time: time))
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

func openSQLite(in directory: URL, time: any TimeSource = ManualTime()) throws -> SQLiteStore {
    try SQLiteStore(path: storePath(in: directory), time: time, logger: quietLogger)
}

func storePath(in directory: URL) -> String {
    directory.appending(path: "ringback.db").path
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
