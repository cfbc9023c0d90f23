/// What the configuration says about an upstream's manners (`upstreams[].manners`). `nil` stands for `auto`: it is found out, remembered and
/// tried again from time to time. What is fixed is neither tried nor learned.
package struct FixedManners: Sendable, Hashable {
    package enum Window: Sendable, Hashable {
        case unlimited
        case limited(Duration)
    }

    /// Whether running responses can be streamed at all.
    package var stream: Bool?
    /// Whether a response can be streamed that was not created with `stream: true`.
    package var streamUnrequested: Bool?
    /// Whether `starting_after` may be asked for. If not, a new stream begins at the beginning.
    package var resume: Bool?
    /// For how long after its creation a response can be streamed.
    package var streamWindow: Window?

    package init(stream: Bool? = nil, streamUnrequested: Bool? = nil, resume: Bool? = nil, streamWindow: Window? = nil) {
        self.stream = stream
        self.streamUnrequested = streamUnrequested
        self.resume = resume
        self.streamWindow = streamWindow
    }
}
