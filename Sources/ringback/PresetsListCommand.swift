import ArgumentParser
import Presets
import RawJSON
import RingbackCore

struct PresetsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the presets there are.")

    @OptionGroup var options: PresetOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let presets = try options.library().all
        if output.json {
            let data = presets.map { preset -> JSON in
                [
                    "name": .string(preset.name), "title": .string(preset.title), "identity": .string(preset.identity.rawValue),
                    "proves": .string(preset.proof.rawValue), "requires": .array(preset.required.map { .string($0) }),
                ]
            }
            return Terminal.print((["data": .array(data)] as JSON).text)
        }
        var table = Table("PRESET", "SYSTEM", "NEEDS")
        for preset in presets { table.add(preset.name, preset.title, preset.required.joined(separator: ", ")) }
        Terminal.print(table.text())
    }
}

extension Preset {
    /// The parameters nobody can do without.
    var required: [String] { parameters.filter(\.isRequired).map(\.name) }
}
