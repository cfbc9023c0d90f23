import NIOCore
import RingbackCore

/// One open stream of a response: its events' texts, each when it happens.
struct ResponseEvents: AsyncSequence, Sendable {
    let upstream: SandboxUpstream
    let response: SandboxResponse
    let first: Int

    func makeAsyncIterator() -> Iterator {
        Iterator(stream: self, number: first)
    }

    /// After how much silence a comment says that the stream is alive.
    private var commentInterval: Duration? {
        guard case .comments(let interval) = response.dialect.streams.keepAlive else { return nil }
        return response.script.keepAlive ?? interval
    }

    struct Iterator: AsyncIteratorProtocol {
        let stream: ResponseEvents
        var number: Int
        var isDone = false

        mutating func next() async throws -> ByteBuffer? {
            while !isDone {
                let step = try await stream.upstream.nextStep(
                    of: stream.response.id, event: number, isFirst: number == stream.first, keepAlive: stream.commentInterval)
                switch step {
                case .send(let text):
                    // The script wants the stream cut, without a word, after so many events.
                    if let limit = stream.response.script.dropStreamAfter, number - stream.first >= limit { throw StreamCut() }
                    number += 1
                    if let text { return ByteBuffer(string: text) }
                case .keepAlive: return ByteBuffer(string: StreamText.keepAliveComment)
                case .breaks: throw StreamCut()
                case .silence: try await stream.upstream.silence()
                case .end:
                    isDone = true
                    if try await saysDone() { return ByteBuffer(string: StreamText.done) }
                }
            }
            return nil
        }

        private func saysDone() async throws -> Bool {
            switch stream.response.dialect.streams.done {
            case .never: false
            case .always: true
            case .unlessFailed: try await stream.upstream.ended(stream.response.id)?.life.end?.status != .failed
            }
        }
    }
}

/// Ends a stream's connection in the middle, as a vendor's proxy does.
struct StreamCut: Error {}
