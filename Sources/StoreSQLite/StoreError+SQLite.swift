import Foundation
import GRDB
import Sealing
import Store

extension StoreError {
    /// What a failure of SQLite, GRDB or a decoder means for the floors above.
    ///
    /// Only SQLite's own message is passed on: it names tables and columns, never a value.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(sqlite: error)
        case let error as SealingError:
            self = .unusable(error.description)
        case let error as SealingKeyFile.Unusable:
            self = .unusable(error.description)
        case is RowDecodingError, is DecodingError, is DamagedRow:
            self = .unusable(
                "a row does not hold what Ringback writes there, so the file is damaged or was edited by hand: restore it from a backup"
            )
        default:
            self = .unavailable("\(type(of: error))")
        }
    }

    private init(sqlite error: DatabaseError) {
        switch error.resultCode {
        case .SQLITE_FULL:
            self = .noSpace
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            // SQLite could not make the WAL index longer, which needs room on the same disk.
            self = .noSpace
        case .SQLITE_NOTADB:
            self = .unusable("the file is not a SQLite database: move it away, or choose another `store`")
        case .SQLITE_CORRUPT:
            self = .unusable("the database file is damaged: restore it from a backup, or move it away to start with an empty one")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .unavailable("another program holds the database file locked, for example an open sqlite3 shell: close it")
        default:
            self = .unavailable(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
        }
    }
}

extension DatabaseError {
    /// Whether the trouble is the disk's, the memory's or the file's, so that the transaction's other changes cannot be trusted either.
    ///
    /// SQLite: "Response To Errors Within A Transaction" lists the errors after which it may have rolled everything back on its own.
    var dooms: Bool {
        switch resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_BUSY, .SQLITE_INTERRUPT, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_READONLY,
            .SQLITE_CANTOPEN, .SQLITE_ABORT:
            true
        default:
            false
        }
    }
}
