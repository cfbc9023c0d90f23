package import RingbackCore

/// The journal of what changed, for those who show it live. It is kept in memory and reaches back so far: whoever was away for too long, or
/// comes from before a restart, is told so and looks at everything anew.
package protocol ChangeStore: Sendable {
    /// The newest place in the journal: what is read from the store after this holds everything up to it.
    var latestChange: ChangeMark { get }

    /// What changed after a place, in the order of the commits, each object as it is now: never older than its change. One that changed several
    /// times comes once, at its last place; what was deleted since does not come.
    ///
    /// - Parameter limit: At most so many changes are gone through.
    /// - Returns: `nil` when the journal does not know what changed since: it is of another opening of the store, or too long ago.
    func changes(after mark: ChangeMark, limit: Int) async throws(StoreError) -> ChangePage?

    /// Says that there are changes, for one listener, who then reads on until there are none. Ends when the store is closed.
    func changeSignals() -> AsyncStream<Void>
}

/// A place in the journal of changes.
package struct ChangeMark: Sendable, Hashable {
    /// Another one each time the store is opened.
    package let journal: String
    /// Changes up to here are known at this place.
    package let number: Int64

    package init(journal: String, number: Int64) {
        self.journal = journal
        self.number = number
    }

    /// Opaque text for clients.
    package var text: String { "\(journal)-\(number)" }

    package init?(text: String) {
        guard let separator = text.lastIndex(of: "-"), let number = Int64(text[text.index(after: separator)...]) else { return nil }
        journal = String(text[..<separator])
        self.number = number
    }
}

/// One thing that changed, as it is now.
package struct Change: Sendable, Hashable {
    package enum Object: Sendable, Hashable {
        case watch(Watch)
        case event(Event)
        case delivery(Delivery)
    }

    package let mark: ChangeMark
    package let object: Object

    package init(mark: ChangeMark, object: Object) {
        self.mark = mark
        self.object = object
    }
}

package struct ChangePage: Sendable, Hashable {
    package var changes: [Change]
    /// How far the journal was gone through.
    package var reached: ChangeMark

    package init(changes: [Change], reached: ChangeMark) {
        self.changes = changes
        self.reached = reached
    }
}
