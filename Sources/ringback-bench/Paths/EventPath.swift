import ResponsesAPI
import RingbackCore

/// Deltas pass by in one stream, each in a piece of its own, as they come from a socket.
enum EventPath {
    static func run(_ count: Int) throws(BenchError) {
        let id = ResponseName.id(of: 1)
        var reader = ResponseStreamReader(response: ResponseID(trusted: id), cursor: nil)
        let piece = Array(ResponseBytes.deltaEvent(sequenceNumber: 42).utf8)
        for _ in 0..<count {
            guard reader.receive(piece.span).isEmpty else { throw BenchError("a delta was taken for something else") }
        }
        guard reader.eventCount == count else { throw BenchError("\(reader.eventCount) of \(count) events were read") }
    }
}
