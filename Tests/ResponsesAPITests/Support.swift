import ResponsesAPI
import RingbackCore
import Transport

/// A transport that is only there to be held: nothing here sends.
struct NoTransport: Transport {
    /// Runs its jobs on the thread that brings them, which nobody does.
    final class Loop: SerialExecutor, TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }

        func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    }

    let loop: any (SerialExecutor & TaskExecutor) = Loop()

    func start(_ request: TransferRequest, handler: sending any TransferHandler) -> TransferID { TransferID(0) }
    func cancel(_ transfer: TransferID) {}
    func resume(_ transfer: TransferID) {}
}

/// What a whole stream reveals, however it was cut.
struct Reading: Equatable {
    var findings: [ResponseStreamReader.Finding] = []
    var cursor: Int64?
    var eventCount = 0
}

enum Cutting: String, CaseIterable, Sendable {
    case whole
    case bytes

    func read(_ text: String, of response: String? = nil, cursor: Int64? = nil) -> Reading {
        let bytes = Array(text.utf8)
        var reader = ResponseStreamReader(response: response.map { ResponseID(trusted: $0) }, cursor: cursor)
        var reading = Reading()
        switch self {
        case .whole: reading.findings = reader.receive(bytes.span)
        case .bytes:
            for byte in bytes {
                let piece = [byte]
                reading.findings += reader.receive(piece.span)
            }
        }
        reading.cursor = reader.cursor
        reading.eventCount = reader.eventCount
        return reading
    }
}

/// One event, with its `event` line.
func event(_ type: String, _ data: String) -> String {
    "event: \(type)\ndata: \(data)\n\n"
}

/// One event without an `event` line.
func data(_ data: String) -> String {
    "data: \(data)\n\n"
}

func response(_ json: String) throws -> ResponseObject {
    struct NotAResponse: Error {}
    guard let response = ResponseObject(json: Array(json.utf8)) else { throw NotAResponse() }
    return response
}
