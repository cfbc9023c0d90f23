package import RingbackCore

/// What was learned about an upstream's streams, so that ten thousand watches don't each try a refused one.
///
/// After ``refusalLimit`` refusals in a row nobody asks for ``abstinence``. Then one watch at a time probes, ``probeSpacing`` apart: the
/// first success opens the door for all, a refusal closes it again.
package struct Manners: Sendable, Hashable {
    package static let refusalLimit = 5
    package static let abstinence: Duration = .seconds(600)
    package static let probeSpacing: Duration = .seconds(30)

    private var refusals = 0
    /// Before it no stream is asked for.
    private var streamsFrom: Moment?

    package init() {}

    /// Whether a stream may be asked for now.
    package func welcomesStreams(_ now: Moment) -> Bool {
        streamsFrom.map { $0 <= now } ?? true
    }

    /// Whether streams are known to be refused.
    package var refusesStreams: Bool { refusals >= Self.refusalLimit }

    /// A stream is asked for.
    package mutating func streamAsked(_ now: Moment) {
        if refusesStreams { streamsFrom = now + Self.probeSpacing }
    }

    /// The upstream answered with a stream that carried at least one byte.
    package mutating func streamAccepted() {
        refusals = 0
        streamsFrom = nil
    }

    /// The upstream refused: with a 4xx, with JSON, or with an empty stream.
    package mutating func streamRefused(_ now: Moment) {
        refusals = min(refusals + 1, Self.refusalLimit)
        if refusesStreams { streamsFrom = now + Self.abstinence }
    }
}
