package import RingbackCore

/// Requests that came with an `Idempotency-Key`, and what was answered, so that a repeated request is answered and not done again.
package protocol IdempotencyStore: Sendable {
    /// Takes a key for a request that is about to be worked on.
    ///
    /// - Parameter digest: What tells the request's body from every other one.
    func admit(_ key: IdempotencyKey, digest: [UInt8], now: Timestamp) async throws(StoreError) -> IdempotencyAdmission

    /// Keeps the answer of an admitted request, or frees its key when there is none to keep, so that the request can be made again.
    func finish(_ key: IdempotencyKey, with answer: KeptAnswer?) async throws(StoreError)
}

/// Whose key it is, for which request.
package struct IdempotencyKey: Sendable, Hashable {
    /// Keys are remembered for so long (contract, section 5).
    package static let lifetime: Duration = .seconds(24 * 3600)
    /// The oldest keys go when there are more, or when the answers kept for them are larger together than ``maximumTotalBytes``.
    package static let maximumCount = 10_000
    package static let maximumTotalBytes = 64 * 1024 * 1024

    /// The name of the caller's token; `nil` on a server without tokens.
    package let caller: String?
    /// Method and path of the request.
    package let target: String
    package let text: String

    package init(caller: String?, target: String, text: String) {
        self.caller = caller
        self.target = target
        self.text = text
    }
}

package enum IdempotencyAdmission: Sendable, Hashable {
    /// Do it; then call ``IdempotencyStore/finish(_:with:)``.
    case proceed
    case repeated(KeptAnswer)
    /// The same request is being worked on.
    case underWay
    /// The key came with another body before.
    case mismatch
}

/// An answer as it is given again.
package struct KeptAnswer: Sendable, Hashable {
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Larger ones are not kept.
    package static let maximumBytes = 1024 * 1024

    package let status: Int
    package let headers: [Header]
    package let body: [UInt8]

    package init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
