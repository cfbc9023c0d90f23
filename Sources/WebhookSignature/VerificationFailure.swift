import RingbackCore

/// Why a callback is not to be trusted. A closed list; each case says to the receiver's operator what to look at.
package enum VerificationFailure: Error, Sendable, Hashable {
    /// One of the three headers is missing or empty.
    case missingHeader(String)
    /// `webhook-timestamp` is not a number of whole seconds.
    case malformedTimestamp
    /// Made longer ago than the tolerance: an old callback that is played again, or a clock that goes wrong.
    case tooOld(by: Duration)
    /// Made further in the future than the tolerance.
    case tooNew(by: Duration)
    /// No signature in the header is of a version that any of the keys can check.
    case noKnownVersion
    /// No signature fits the id, the time and the body under any of the keys.
    case mismatch
}

extension VerificationFailure {
    /// Fit for a metric.
    package var label: String {
        switch self {
        case .missingHeader: "missing_header"
        case .malformedTimestamp: "malformed_timestamp"
        case .tooOld: "too_old"
        case .tooNew: "too_new"
        case .noKnownVersion: "no_known_version"
        case .mismatch: "mismatch"
        }
    }
}

extension VerificationFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missingHeader(let name):
            "the header '\(name)' is missing: pass on all three webhook- headers as they were received"
        case .malformedTimestamp:
            "the header 'webhook-timestamp' is not a number of whole seconds since 1970"
        case .tooOld(let excess):
            "the callback was signed too long ago, \(excess.text) beyond the tolerance: it is played again, or one of the clocks is wrong"
        case .tooNew(let excess):
            "the callback was signed in the future, \(excess.text) beyond the tolerance: a clock is wrong, or the time is not in seconds"
        case .noKnownVersion:
            "no signature is of a kind that the keys can check: whsec_ secrets check 'v1,' and whpk_ keys 'v1a,'"
        case .mismatch:
            "no signature fits: check that the secret is the endpoint's own and that the body is the received bytes, unparsed and unchanged"
        }
    }
}
