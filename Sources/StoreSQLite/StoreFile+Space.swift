import GRDB
import Store

// The file's size. SQLite keeps the pages that deletions free for what comes later, and gives none of them back unless the file was made
// for it (sqlite.org: PRAGMA auto_vacuum). Ringback's are, since retention may free most of a file that grew in a bad week.
extension StoreFile {
    /// Files of earlier versions up to this size are written anew at the start, which takes less than a second. Larger ones wait until an
    /// operator has the time: `ringback doctor --fix`.
    static let rewrittenAtStart = 64 << 20
    /// Pages moved per change, each 4 KiB: about half a millisecond of the writer's time.
    static let pagesPerStep = 64
    /// What is kept for what comes next, so that a store in a steady state does not shrink and grow all day: an eighth, and 4 MiB at least.
    static let leastReserve = 1024
    /// The write-ahead log is cut to this size when it was larger. A burst leaves a large one behind otherwise.
    static let logLimit = 64 << 20

    /// Unused pages that are kept in a file of so many.
    static func reserve(pages: Int) -> Int {
        max(leastReserve, pages / 8)
    }
}

extension Database {
    /// Writes the file anew in such a way that it can give back what it does not use. Not to be called in a transaction.
    ///
    /// - Parameter always: However large it is.
    /// - Returns: The size of the file in bytes; `nil` when nothing was to be done.
    func makeShrinkable(always: Bool) throws -> Int? {
        guard try count("PRAGMA auto_vacuum") != 2 else { return nil }
        let bytes = try count("PRAGMA page_count") * count("PRAGMA page_size")
        guard always || bytes <= StoreFile.rewrittenAtStart else { return nil }
        do {
            // The setting takes effect with the VACUUM. It is done whole or not at all.
            try execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try execute(sql: "VACUUM")
        } catch let error as DatabaseError where !always && StoreError(error) == .noSpace {
            // There is no room for a second file now: a later start tries again.
            return nil
        }
        return bytes
    }

    /// - Returns: How many pages are unused beyond the reserve; 0 in a file that cannot give any back.
    fileprivate func surplusPages() throws -> Int {
        guard try count("PRAGMA auto_vacuum") == 2 else { return 0 }
        return max(0, try count("PRAGMA freelist_count") - StoreFile.reserve(pages: count("PRAGMA page_count")))
    }
}

extension SQLiteStore {
    /// Gives a few unused pages back to the disk.
    ///
    /// - Returns: Whether there are more.
    func shrinkAStep() async throws(StoreError) -> Bool {
        guard try await read({ try $0.surplusPages() }) > 0 else { return false }
        let left = try await change { database in
            try database.execute(sql: "PRAGMA incremental_vacuum(\(StoreFile.pagesPerStep))")
            return try database.surplusPages()
        }
        // The file itself becomes shorter when the log is folded into it.
        if left == 0 { await foldLog() }
        return left > 0
    }
}
