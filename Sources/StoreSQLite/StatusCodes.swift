import GRDB
import RingbackCore

// Statuses are in every row and in several indexes, so they are kept as small integers instead of words.
// The numbers are part of the file's format: new ones may be added, none is ever changed.

extension WatchStatus: DatabaseValueConvertible {
    private var code: Int64 {
        switch self {
        case .queued: 0
        case .inProgress: 1
        case .completed: 2
        case .failed: 3
        case .incomplete: 4
        case .cancelled: 5
        case .lost: 6
        case .expired: 7
        case .stopped: 8
        }
    }

    var databaseValue: DatabaseValue { code.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> WatchStatus? {
        guard let code = Int64.fromDatabaseValue(value) else { return nil }
        return allCases.first { $0.code == code }
    }
}

/// Which columns are filled follows from the status, and the partial indexes rest on that: `due_at` while pending, `lease_until` while
/// delivering, `ended_at` from then on, and `dead_reason` only while dead. The schema checks it.
extension Delivery.Status: DatabaseValueConvertible {
    private var code: Int64 {
        switch self {
        case .pending: 0
        case .delivering: 1
        case .delivered: 2
        case .dead: 3
        case .abandoned: 4
        }
    }

    var databaseValue: DatabaseValue { code.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Delivery.Status? {
        guard let code = Int64.fromDatabaseValue(value) else { return nil }
        return allCases.first { $0.code == code }
    }
}
