import Store

extension Problem {
    /// How long a caller should wait before it tries again while the store is in trouble, in seconds.
    private static let storeRetryAfter = 5

    /// The store's trouble, in the API's words.
    init(_ error: StoreError) {
        switch error {
        case .noSpace:
            self.init(.diskFull, "\(error). Nothing was changed.", retryAfter: Self.storeRetryAfter)
        case .unavailable, .closed:
            self.init(.storeTrouble, "\(error). Nothing was changed: try again.", retryAfter: Self.storeRetryAfter)
        case .unusable:
            self.init(.storeTrouble, "\(error)", retryAfter: Self.storeRetryAfter)
        }
    }
}
