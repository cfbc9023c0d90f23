package import Presets

extension PresetLibrary {
    /// The presets that come with the program.
    ///
    /// - Throws: Never with the presets of a program whose tests have passed.
    package static func builtIn() throws(SettingsErrors) -> PresetLibrary {
        try embeddedLibrary.get()
    }

    /// Read once: they are the same for every configuration that is read.
    private static let embeddedLibrary = Result { () throws(SettingsErrors) -> PresetLibrary in
        var presets: [Preset] = []
        for (name, yaml) in embedded { presets.append(try Preset.read(yaml, name: name, file: "\(name).yaml (built in)")) }
        return PresetLibrary(presets)
    }

    /// The built-in presets and those of a directory.
    ///
    /// - Parameters:
    ///   - directory: `nil` for the built-in ones alone.
    ///   - listFiles: The names of a directory's files.
    ///   - readFile: Opens one.
    /// - Throws: All problems of the first preset that has any.
    package static func load(
        directory: String?, listFiles: (String) throws -> [String], readFile: @escaping (String) throws -> String
    ) throws(SettingsErrors) -> PresetLibrary {
        try load(directory: directory, at: .file(directory ?? ""), quoting: nil, listFiles: listFiles, readFile: readFile)
    }

    /// - Parameters:
    ///   - place: Where the directory is named.
    ///   - source: The text that names it.
    static func load(
        directory: String?, at place: SettingsPlace, quoting source: SourceText?, listFiles: (String) throws -> [String],
        readFile: @escaping (String) throws -> String
    ) throws(SettingsErrors) -> PresetLibrary {
        let builtIn = try builtIn()
        guard let directory else { return builtIn }
        let inspection = Inspection(readFile: readFile)
        var names: [String] = []
        do {
            names = try listFiles(directory).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
        } catch {
            inspection.report("the directory '\(directory)' cannot be read: \(error)", at: place, path: "presets_dir")
        }
        var presets: [Preset] = []
        for file in names {
            let path = "\(directory)/\(file)"
            guard let yaml = inspection.contents(of: path, at: place, path: "presets_dir") else { continue }
            presets.append(try Preset.read(yaml, name: String(file.dropLast(".yaml".count)), file: path))
        }
        try inspection.conclude(quoting: source)
        return builtIn.adding(presets)
    }
}
