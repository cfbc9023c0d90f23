import RingbackCore

/// What decides whether an upstream would stream a response.
package struct StreamWish: Sendable, Hashable {
    /// Whether the response was created with `stream: true`; `nil` when nobody here saw its creation.
    package var createdStreaming: Bool?
    /// How long the response is known: it is at least so old.
    package var age: Duration
    /// The `sequence_number` the stream is to begin after.
    package var startingAfter: Int64?

    package init(createdStreaming: Bool?, age: Duration, startingAfter: Int64? = nil) {
        self.createdStreaming = createdStreaming
        self.age = age
        self.startingAfter = startingAfter
    }
}

/// The leave to ask for one stream, from the asking to its first answer. To be given back exactly once (``Manners/release(_:)``).
package struct StreamPass: Sendable, Hashable {
    package let wish: StreamWish
    /// What to ask for: `nil` where the upstream is known to refuse resuming.
    package let startingAfter: Int64?
    /// The doors it passes.
    let doors: [MannersDoor.Name]
    /// Whether one of them is closed and this is the try whether it still is.
    let isProbe: Bool
}
