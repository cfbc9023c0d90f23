import NIOConcurrencyHelpers

/// A value that is set in one closure and read after it.
package final class Kept<Value: Sendable>: Sendable {
    private let box = NIOLockedValueBox<Value?>(nil)

    package init() {}

    package var value: Value? {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }
}
