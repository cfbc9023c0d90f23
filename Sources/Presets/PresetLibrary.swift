/// All presets there are: those that came with the program, and those of `presets_dir`, which win.
package struct PresetLibrary: Sendable, Hashable {
    private let presets: [String: Preset]

    package init(_ presets: [Preset]) {
        self.presets = Dictionary(presets.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    package static let empty = PresetLibrary([])

    /// The texts that are embedded in the program, by the name of their file.
    package static var embedded: [(name: String, yaml: String)] { EmbeddedPresets.texts }

    package subscript(name: String) -> Preset? { presets[name] }

    package var names: [String] { presets.keys.sorted() }

    package var all: [Preset] { names.compactMap { presets[$0] } }

    /// These and others, which win.
    package func adding(_ others: [Preset]) -> PresetLibrary {
        PresetLibrary(all + others)
    }
}
