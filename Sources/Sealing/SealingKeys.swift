/// Where a store's keys come from.
package struct SealingKeys: Sendable, Hashable {
    /// From the configuration; `nil`: the key is in ``file``.
    package var master: SealingKey?
    /// Keys of former times, which open what is not sealed anew yet.
    package var previous: [SealingKey]
    /// Beside the store; made at the first start when there is no ``master``.
    package var file: SealingKeyFile

    package init(master: SealingKey? = nil, previous: [SealingKey] = [], file: SealingKeyFile) {
        self.master = master
        self.previous = previous
        self.file = file
    }

    /// The keys of the store at `path` with the key file beside it: `<path>.key`.
    package init(master: SealingKey? = nil, previous: [SealingKey] = [], besideStore path: String) {
        self.init(master: master, previous: previous, file: SealingKeyFile(path: path + ".key"))
    }

    /// Gets the keys together. Blocks; to be called at start, by one at a time.
    ///
    /// When a master key is configured for the first time, the key file beside the store opens what was sealed until then.
    ///
    /// - Parameter sealedWith: The keys that were used in the store. A store that has sealed values never gets a new key file: the values would
    ///   be lost in silence.
    package func sealer(sealedWith: [SealingKey.ID]) throws(SealingKeyFile.Unusable) -> Sealer {
        if let sealer = try existingSealer(sealedWith: sealedWith) { return sealer }
        return Sealer(key: try file.make(), previous: previous)
    }

    /// The same for one who only reads: makes nothing.
    ///
    /// - Returns: `nil` when there is no key yet, and nothing that needs one.
    package func existingSealer(sealedWith: [SealingKey.ID]) throws(SealingKeyFile.Unusable) -> Sealer? {
        let filed = try file.read()
        guard let key = master ?? filed else {
            guard let missing = sealedWith.first else { return nil }
            throw SealingKeyFile.Unusable(
                description: "its secrets are sealed with the key \(missing), and the key file '\(file.path)' is gone: "
                    + "restore that file, or give its content as master_key")
        }
        let sealer = Sealer(key: key, previous: previous + [filed].compactMap { $0 })
        if let unknown = sealedWith.first(where: { !sealer.knows($0) }) {
            throw SealingKeyFile.Unusable(
                description: "its secrets were sealed with another key (id \(unknown), and \(source) has the id \(key.id)): "
                    + "give the old key as master_key, or among previous_master_keys to have everything sealed anew")
        }
        return sealer
    }

    private var source: String {
        master == nil ? "the key file '\(file.path)'" : "master_key"
    }
}
