/// A value of the configuration before it has a meaning: what was written, and where.
struct SourceValue {
    enum Content {
        case text(String)
        /// A key without a value, `~` or `null`.
        case null
        case list([SourceValue])
        /// In the order of the file, each key once.
        case table([SourceEntry])
        /// A problem about it is on record already: readers pass over it in silence.
        case unreadable
    }

    let place: SettingsPlace
    let content: Content
    /// Whether a text stands there without quotes, so that a number or a boolean may be meant.
    var isPlain = false

    /// What it is, for "expected a mapping, found …".
    var kind: String {
        switch content {
        case .text: "text"
        case .null: "nothing"
        case .list: "a list"
        case .table: "a mapping"
        case .unreadable: "something unreadable"
        }
    }
}

struct SourceEntry {
    let key: String
    /// Where the key stands; the value has its own place.
    let place: SettingsPlace
    let value: SourceValue
}
