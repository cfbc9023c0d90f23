/// The `Retry-After` header of an answer (RFC 9110, section 10.2.3).
package enum RetryAfter {
    /// How long the sender of the header asks us to wait, counted from `now`.
    ///
    /// Read are delta-seconds and the three forms of an HTTP date (RFC 9110, section 5.6.7), with spaces and tabs around them. What no
    /// grammar of the RFC allows is no hint: fractions, signs, units, numeric zones, and two header lines joined by a comma.
    /// The result has no cap, since the policy that knows one lives elsewhere (``RetryPolicy/maximumRetryAfter``).
    ///
    /// - Returns: Zero for `0`; `nil` when there is no usable hint: it is malformed, a date that is not in the future, or a number of
    ///   seconds beyond 64 bits.
    package static func parse(_ value: String, now: Timestamp) -> Duration? {
        let text = trimmed(value)
        if !text.isEmpty, text.allSatisfy(isDigit) {
            return Int64(String(decoding: text, as: UTF8.self)).map { .seconds($0) }
        }
        guard let date = HTTPDate.parse(text, now: now), date > now else { return nil }
        return date - now
    }

    private static func trimmed(_ value: String) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = Array(value.utf8)[...].drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
}
