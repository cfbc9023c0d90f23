import Presets

/// A file with what a preset has to be told, YAML or JSON: what stands below `with` in a configuration.
package enum ParameterFile {
    /// - Parameter file: What problems call it.
    /// - Throws: All problems at once, with line and column; no line is quoted, since any may hold a secret.
    package static func read(_ text: String, file: String) throws(SettingsErrors) -> [String: String] {
        let inspection = Inspection { _ in throw UnreadableFile("a file of parameters names no files") }
        var reader = YAMLReader(text: text, file: file, environment: nil, inspection: inspection)
        let fields = reader.read(text).flatMap { Fields($0, path: "", inspection: inspection) }
        var values: [String: String] = [:]
        for entry in fields?.all() ?? [] {
            fields?.allow(entry.key)
            if let value = fields?.text(entry.key) { values[entry.key] = value }
        }
        fields?.finish()
        try inspection.conclude(quoting: nil)
        return values
    }
}
