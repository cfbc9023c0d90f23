import NIOCore

/// One open stream of a response: its events' texts, each when it happens.
struct ResponseEvents: AsyncSequence, Sendable {
    let upstream: SandboxUpstream
    let id: String
    let first: Int
    /// The stream is cut, without a word, after so many events.
    let limit: Int?

    func makeAsyncIterator() -> Iterator {
        Iterator(stream: self, number: first)
    }

    struct Iterator: AsyncIteratorProtocol {
        let stream: ResponseEvents
        var number: Int
        var isDone = false

        mutating func next() async throws -> ByteBuffer? {
            while !isDone {
                switch try await stream.upstream.nextStep(of: stream.id, event: number) {
                case .send(let text):
                    if let limit = stream.limit, number - stream.first >= limit { throw StreamCut() }
                    number += 1
                    if let text { return ByteBuffer(string: text) }
                case .end, .gone:
                    isDone = true
                    if stream.upstream.dialect.saysDone { return ByteBuffer(string: "data: [DONE]\n\n") }
                case .silence:
                    try await stream.upstream.silence()
                }
            }
            return nil
        }
    }
}

/// Ends a stream's connection in the middle, as a vendor's proxy does.
struct StreamCut: Error {}
