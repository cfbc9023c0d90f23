import Presets

extension Settings {
    /// Where the configuration is looked for when no file is named, in this order (contract, section 3).
    package static let standardFiles = ["./ringback.yaml", "/etc/ringback/ringback.yaml"]

    /// The configuration file to use.
    ///
    /// - Parameters:
    ///   - configFlag: The file of `--config`; it is used whether it exists or not, so that a misspelt path is not passed over.
    ///   - exists: Whether there is a file at a path.
    /// - Returns: `nil` when there is no file: then the environment has to suffice, see ``fromEnvironment(_:readFile:)``.
    package static func locate(configFlag: String?, exists: (String) -> Bool) -> String? {
        configFlag ?? standardFiles.first(where: exists)
    }

    /// Reads and checks the configuration file at `path`.
    ///
    /// - Parameters:
    ///   - environment: Fills `${NAME}`; nothing else of it is used.
    ///   - listFiles: Names the files of `presets_dir`.
    ///   - readFile: Opens this file and the ones it names. Its errors are shown, so they should say why in plain words; see ``UnreadableFile``.
    /// - Throws: All problems at once.
    package static func load(
        path: String, environment: [String: String], listFiles: @escaping (String) throws -> [String] = UnreadableFile.list,
        readFile: @escaping (String) throws -> String
    ) throws(SettingsErrors) -> Settings {
        let inspection = Inspection(readFile: readFile)
        guard let yaml = inspection.contents(of: path, at: .file(path), path: "") else {
            try inspection.conclude(quoting: nil)
            preconditionFailure("a file could not be read and nothing was reported")
        }
        return try load(yaml: yaml, file: displayName(path), environment: environment, listFiles: listFiles, readFile: readFile)
    }

    /// Checks a configuration that was read already.
    ///
    /// - Parameter file: What problems call it.
    /// - Throws: All problems at once.
    package static func load(
        yaml: String, file: String, environment: [String: String],
        listFiles: @escaping (String) throws -> [String] = UnreadableFile.list, readFile: @escaping (String) throws -> String
    ) throws(SettingsErrors) -> Settings {
        let inspection = Inspection(readFile: readFile)
        var reader = YAMLReader(text: yaml, file: file, environment: environment, inspection: inspection)
        let root = reader.read(yaml).flatMap { Fields($0, path: "", inspection: inspection) }
        // Presets are files of their own: what is wrong with one is told at its own place, before anything that depends on it.
        let directory = root?.has("presets_dir") == true ? root?.text("presets_dir") : nil
        let presets = try PresetLibrary.load(
            directory: directory, at: root?.value("presets_dir")?.place ?? .file(file), quoting: reader.source, listFiles: listFiles,
            readFile: readFile)
        let settings = root.map { Settings(reading: $0, presets: presets) }
        try inspection.conclude(quoting: reader.source)
        guard let settings else { preconditionFailure("there are no settings and nothing was reported") }
        return settings
    }

    /// `./ringback.yaml` is called `ringback.yaml`, as everybody calls it.
    private static func displayName(_ path: String) -> String {
        path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    }
}
