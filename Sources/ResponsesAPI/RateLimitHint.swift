import RingbackCore
package import Transport

/// When a server that sent us away would like to be asked again.
package enum RateLimitHint {
    /// `Retry-After`; else `retry-after-ms`; else the time after which a used-up allowance of `x-ratelimit-…` is renewed.
    ///
    /// - Returns: `nil` when the server gives no usable hint, as with 429s that carry `x-ratelimit-remaining-requests: -1`.
    static func retryAfter(_ head: TransferHead, now: Timestamp) -> Duration? {
        if let value = head["retry-after"], let wait = RetryAfter.parse(value, now: now) { return wait }
        if let value = head["retry-after-ms"], let wait = Milliseconds.parse(value) { return wait }
        return ["requests", "tokens"].compactMap { renewal(of: $0, head) }.max()
    }

    /// The longest time until a renewal that is believed. What is further away is rather a misread unit than a rate limit.
    package static let longestRenewal: Duration = .seconds(3600)

    /// For any answer, successful ones above all: the time after which the allowance of requests is renewed that this one used up.
    ///
    /// The allowance of tokens is left out: a look at a response uses none.
    ///
    /// - Returns: `nil` while there is some left, and for what makes no sense: `-1`, no reset, none in the future, one too far away.
    package static func renewal(_ head: TransferHead) -> Duration? {
        renewal(of: "requests", head).flatMap { $0 <= longestRenewal ? $0 : nil }
    }

    private static func renewal(of allowance: String, _ head: TransferHead) -> Duration? {
        guard head["x-ratelimit-remaining-\(allowance)"] == "0", let reset = head["x-ratelimit-reset-\(allowance)"] else { return nil }
        return duration(reset).flatMap { $0 > .zero ? $0 : nil }
    }

    /// Reads parts one after the other, each as the configuration writes durations: `6m0s`, `12ms`, `1h2m3.5s`.
    static func duration(_ text: String) -> Duration? {
        var sum = Duration.zero
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { !$0.isLetter }
            let unit = rest.dropFirst(number.count).prefix { $0.isLetter }
            guard let part = Duration(text: String(number + unit)) else { return nil }
            sum += part
            rest = rest.dropFirst(number.count + unit.count)
        }
        return sum
    }
}

/// A header whose value is a whole number of milliseconds.
enum Milliseconds {
    /// - Returns: `nil` when it is not one in ASCII digits, or does not fit.
    static func parse(_ text: String) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return Int64(text).map { .milliseconds($0) }
    }
}
