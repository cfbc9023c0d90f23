import Foundation
import GRDB
import RingbackCore
import Store

/// Reads the columns of a row from left to right.
///
/// Each kind of row has its list of columns and the code that reads them side by side, in one order. Reading by place is faster than by
/// name, and a column that does not hold what it should is an error here instead of a crash.
struct ColumnReader {
    private let row: Row
    private var index = 0

    init(_ row: Row) {
        self.row = row
    }

    mutating func next<Value: DatabaseValueConvertible>(_ type: Value.Type = Value.self) throws -> Value {
        defer { index += 1 }
        return try row.decode(Value.self, atIndex: index)
    }

    mutating func nextBytes() throws -> [UInt8]? {
        try next(Data?.self).map { Array($0) }
    }

    mutating func nextWord<Value: RawRepresentable<String>>(_ type: Value.Type = Value.self) throws -> Value? {
        guard let word = try next(String?.self) else { return nil }
        guard let value = Value(rawValue: word) else { throw DamagedRow(detail: "'\(word)' is no \(Value.self)") }
        return value
    }
}

/// A row that this program cannot have written.
struct DamagedRow: Error {
    let detail: String
}

extension Database {
    /// Runs a statement that is compiled once per connection.
    ///
    /// - Returns: The number of rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: arguments)
        return changesCount
    }

    func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    func count(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int {
        try Int.fetchOne(cachedStatement(sql: sql), arguments: arguments) ?? 0
    }
}

extension Optional where Wrapped == [UInt8] {
    /// The form in which bytes are bound to a statement.
    var data: Data? { map { Data($0) } }
}

// What the vocabulary looks like in a column: identifiers are text, times are whole milliseconds since 1970.

extension WatchID: DatabaseValueConvertible {}
extension EventID: DatabaseValueConvertible {}
extension IntentID: DatabaseValueConvertible {}
extension DeliveryID: DatabaseValueConvertible {}
extension ResponseID: DatabaseValueConvertible {}
extension UpstreamName: DatabaseValueConvertible {}
extension EndpointName: DatabaseValueConvertible {}

extension DatabaseValueConvertible where Self: Identifier {
    var databaseValue: DatabaseValue { rawValue.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Self? {
        String.fromDatabaseValue(value).map { Self(trusted: $0) }
    }
}

extension EventType: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { rawValue.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> EventType? {
        String.fromDatabaseValue(value).map { EventType($0) }
    }
}

extension NodeID: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { rawValue.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> NodeID? {
        String.fromDatabaseValue(value).map { NodeID($0) }
    }
}

extension Timestamp: DatabaseValueConvertible {
    var databaseValue: DatabaseValue { milliseconds.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        Int64.fromDatabaseValue(value).map { Timestamp(milliseconds: $0) }
    }
}
