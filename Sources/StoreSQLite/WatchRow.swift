import Foundation
import GRDB
import RingbackCore
import Sealing
import Store

/// A watch as a row, with what holds it.
struct WatchRow {
    /// In the order in which ``init(_:)`` reads them.
    static let columns = """
        watches.seq, watches.lease_epoch,
        watches.id, watches.upstream, watches.response_id, watches.status, watches.following, watches.sequence_number,
        watches.created_at, watches.updated_at, watches.terminal_at, watches.endpoints, watches.callback, watches.metadata,
        watches.headers, watches.max_age, watches.model, watches.usage, watches.last_error, watches.stalled,
        watches.created_streaming, watches.trace
        """

    let seq: Int64
    let leaseEpoch: Int64
    let watch: Watch

    init(_ row: Row, _ sealer: Sealer) throws {
        var column = ColumnReader(row)
        seq = try column.next()
        leaseEpoch = try column.next()
        let id: WatchID = try column.next()
        watch = Watch(
            id: id,
            upstream: try column.next(),
            response: try column.next(),
            status: try column.next(),
            following: try column.nextWord() ?? .none,
            sequenceNumber: try column.next(),
            createdAt: try column.next(),
            updatedAt: try column.next(),
            terminalAt: try column.next(),
            endpoints: try StoredJSON.decodeList(of: EndpointName.self, from: column.next()),
            callback: try StoredJSON.callback(from: column.next(), of: id, sealer),
            metadata: try StoredJSON.metadata(from: column.next()),
            headers: try StoredJSON.headers(from: column.next(), of: id, sealer),
            maximumAge: try column.next(Int64?.self).map { .milliseconds($0) },
            model: try column.next(),
            usage: try column.nextBytes(),
            lastError: try column.next(),
            stalled: try column.next(),
            createdStreaming: try column.next(),
            trace: try column.nextTrace()
        )
    }
}

extension Database {
    func watchRow(_ id: WatchID, _ sealer: Sealer) throws -> WatchRow? {
        try row("SELECT \(WatchRow.columns) FROM watches WHERE id = ?1", [id]).map { try WatchRow($0, sealer) }
    }
}

extension ColumnReader {
    /// A text that is no trace, which a later version may write, is none.
    mutating func nextTrace() throws -> TraceContext? {
        try next(String?.self).flatMap { TraceContext(text: $0) }
    }
}

extension StoredJSON {
    static func callback(from data: Data?, of watch: WatchID, _ sealer: Sealer) throws -> Callback? {
        try data.map { try decode(StoredCallback.self, from: try sealer.open($0, .watchCallback, of: watch.rawValue)).callback }
    }

    static func headers(from data: Data?, of watch: WatchID, _ sealer: Sealer) throws -> [HeaderField] {
        let headers = try data.map { try sealer.open($0, .watchHeaders, of: watch.rawValue) }
        return try decodeList(of: StoredHeader.self, from: headers).map(\.header)
    }

    static func metadata(from data: Data?) throws -> [String: String] {
        try data.map { try decode([String: String].self, from: $0) } ?? [:]
    }
}

/// What a registration asks for, as columns. Made by the caller, so that the writer has less to do.
struct WatchDefinition {
    let id: WatchID
    let request: NewWatch
    let endpoints: Data?
    let callback: Data?
    let metadata: Data?
    let headers: Data?

    init(_ request: NewWatch, sealer: Sealer) throws {
        id = request.id
        self.request = request
        endpoints = try StoredJSON.encodeUnlessEmpty(request.endpoints)
        let row = request.id.rawValue
        callback = try request.callback.map { sealer.seal(try StoredJSON.encode(StoredCallback($0)), .watchCallback, of: row) }
        metadata = try StoredJSON.encodeUnlessEmpty(request.metadata)
        headers = try StoredJSON.encodeUnlessEmpty(request.headers.map { StoredHeader($0) }).map { sealer.seal($0, .watchHeaders, of: row) }
    }

    /// The watch as it begins.
    func watch(createdAt now: Timestamp) -> Watch {
        Watch(
            id: id, upstream: request.upstream, response: request.response, status: .queued, following: .none, sequenceNumber: nil,
            createdAt: now, updatedAt: now, terminalAt: nil, endpoints: request.endpoints, callback: request.callback,
            metadata: request.metadata, headers: request.headers, maximumAge: request.maximumAge, model: request.model, usage: nil,
            lastError: nil, stalled: false, createdStreaming: request.createdStreaming, trace: request.trace
        )
    }
}
