import Settings

/// How new settings differ from those in force, by the keys of the configuration file.
struct SettingsChange: Sendable, Hashable {
    /// What can take effect at once.
    let live: [String]
    /// What a running process keeps until it is started anew: its address, its file, and the bounds its engines were made with.
    let needsRestart: [String]

    init(from old: Settings, to new: Settings) {
        live = Self.differing([
            ("tokens", old.tokens == new.tokens), ("upstreams", old.upstreams == new.upstreams),
            ("endpoints", old.endpoints == new.endpoints), ("security", old.security == new.security),
            ("retention", old.retention == new.retention), ("log_level", old.logLevel == new.logLevel),
            ("presets_dir", old.presetsDirectory == new.presetsDirectory && old.presets == new.presets),
            ("public_url", old.publicURL == new.publicURL),
        ])
        needsRestart = Self.differing([
            ("listen", old.listen == new.listen), ("store", old.store == new.store),
            ("master_key", old.masterKey == new.masterKey), ("previous_master_keys", old.previousMasterKeys == new.previousMasterKeys),
            ("retention.max_response_size", old.retention.maximumResponseSize == new.retention.maximumResponseSize),
            ("tracing", old.tracing == new.tracing), ("shutdown_timeout", old.shutdownTimeout == new.shutdownTimeout),
        ])
    }

    private static func differing(_ keys: [(name: String, isSame: Bool)]) -> [String] {
        keys.filter { !$0.isSame }.map(\.name)
    }
}
