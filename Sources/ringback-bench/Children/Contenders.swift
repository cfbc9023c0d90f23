/// Something that follows responses and calls back: the real bridge or the bare one.
protocol Contender: AnyObject {
    /// The process that is measured.
    var id: Int32 { get }

    /// Returns when all are taken on; their streams may open later.
    func follow(_ numbers: Range<Int>) async throws

    func end()
}

enum Contenders {
    /// Long enough that silence alone makes nobody reconnect in mid-measurement.
    static let streamIdleTimeout: Duration = .seconds(600)
    /// The bridge's default for one endpoint.
    static let usualInFlight = 16
}
