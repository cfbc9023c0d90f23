/// One mapping of the configuration while it is read: hands out values by key, and knows at the end which keys nobody asked for.
///
/// A value that is missing or wrong is `nil`; what is wrong is on record by then, so readers simply go on to the next key
/// and all problems come to light in one pass.
final class Fields {
    let path: String
    let place: SettingsPlace
    let inspection: Inspection
    private let entries: [String: SourceEntry]
    private let order: [String]
    private var known: [String] = []
    private var refused: Set<String> = []

    init(_ entries: [SourceEntry], path: String, place: SettingsPlace, inspection: Inspection) {
        self.path = path
        self.place = place
        self.inspection = inspection
        self.entries = Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        order = entries.map(\.key)
    }

    /// - Returns: `nil` after a report when `value` is no mapping.
    convenience init?(_ value: SourceValue, path: String, inspection: Inspection) {
        switch value.content {
        case .table(let entries):
            self.init(entries, path: path, place: value.place, inspection: inspection)
        case .null:
            // All keys below may be commented out.
            self.init([], path: path, place: value.place, inspection: inspection)
        case .text, .list:
            inspection.report("expected a mapping of keys to values, found \(value.kind)", at: value.place, path: path)
            return nil
        case .unreadable:
            return nil
        }
    }

    // MARK: Keys

    /// The value of a key; asking makes the key a known one.
    func value(_ key: String) -> SourceValue? {
        allow(key)
        return entries[key]?.value
    }

    /// Whether the key is written, whatever its value.
    func has(_ key: String) -> Bool {
        entries[key] != nil
    }

    /// All entries, for mappings whose keys are free.
    func all() -> [SourceEntry] {
        order.compactMap { entries[$0] }
    }

    func allow(_ keys: String...) {
        allow(keys: keys)
    }

    func allow(keys: [String]) {
        for key in keys where !known.contains(key) { known.append(key) }
    }

    /// Complains about each of `keys` that is there.
    func refuse(_ keys: [String], _ message: String, suggestion: String? = nil) {
        for key in keys {
            refused.insert(key)
            guard let entry = entries[key] else { continue }
            inspection.report("'\(key)' \(message)", at: entry.place, path: subpath(key), suggestion: suggestion)
        }
    }

    /// Complains about features that this version does not have: nothing that is asked for is silently left out.
    func refuseUnsupported(_ keys: String..., suggestion: String? = nil) {
        refuse(keys, "is not supported by this version of Ringback", suggestion: suggestion ?? "remove it")
    }

    /// Complains about every key that was never asked for. To be called once, after all keys were read.
    func finish() {
        for key in order where !known.contains(key) && !refused.contains(key) {
            guard let entry = entries[key] else { continue }
            let nearest = Spelling.nearest(to: key, among: known).map { "did you mean '\($0)'?" }
            inspection.report(
                "unknown key '\(Harmless.name(of: key))'", at: entry.place, path: subpath(key),
                suggestion: nearest ?? "the keys here are \(known.joined(separator: ", "))"
            )
        }
    }

    // MARK: Reports

    func subpath(_ key: String) -> String {
        (path.isEmpty ? "" : "\(path).") + Harmless.name(of: key)
    }

    /// Reports at the value of `key`, or at the mapping when the key is not there.
    func report(_ message: String, at key: String, suggestion: String? = nil) {
        let entry = entries[key]
        inspection.report(message, at: entry?.value.place ?? place, path: entry == nil ? path : subpath(key), suggestion: suggestion)
    }

    func reportMissing(_ key: String, example: String) {
        inspection.report("'\(key)' is missing", at: place, path: path, suggestion: "write \(key): \(example)")
    }
}
