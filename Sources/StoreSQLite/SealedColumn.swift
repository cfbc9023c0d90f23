import Foundation
import Sealing

/// A column whose values are sealed: what they hold would let its reader act for somebody else.
///
/// Each value is bound to its row by what names the row for ever, so that sealed values cannot be swapped.
struct SealedColumn: Sendable {
    let table: String
    let column: String
    /// The column that names the row.
    let identity: String

    /// Sent with every upstream call of a watch; may hold the client's own key.
    static let watchHeaders = SealedColumn(table: "watches", column: "headers", identity: "id")
    /// URL, secret and headers: tokens are put into URLs too.
    static let watchCallback = SealedColumn(table: "watches", column: "callback", identity: "id")
    /// URL, signing secrets and headers of an endpoint that the API made.
    static let endpointDefinition = SealedColumn(table: "endpoints", column: "definition", identity: "name")
    /// What was answered to a request with an `Idempotency-Key`; the answer to an endpoint's creation shows its secret.
    static let idempotentAnswer = SealedColumn(table: "idempotency_keys", column: "answer", identity: "id")
    /// Callback and headers of a create that is under way.
    static let intentSecrets = SealedColumn(table: "intents", column: "secrets", identity: "id")
    /// Its body, where it may have to be sent again.
    static let intentBody = SealedColumn(table: "intents", column: "body", identity: "id")

    /// All of them: whoever adds one adds it here, or a change of the master key would pass it over.
    static let all = [watchHeaders, watchCallback, endpointDefinition, idempotentAnswer, intentSecrets, intentBody]

    func place(in row: String) -> SealedPlace {
        SealedPlace(table: table, column: column, row: row)
    }
}

extension Sealer {
    func seal(_ value: Data, _ column: SealedColumn, of row: String) -> Data {
        Data(seal(Array(value), at: column.place(in: row)))
    }

    func open(_ value: Data, _ column: SealedColumn, of row: String) throws(SealingError) -> Data {
        Data(try open(Array(value), at: column.place(in: row)))
    }
}
