import ArgumentParser
import Presets
import RawJSON
import RingbackCore

struct PresetsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a preset has to be told, and what it promises.",
        discussion: "With --yaml: its text, as a beginning for one of your own.")

    @Argument(help: "The preset's name.")
    var name: String

    @Flag(help: "Print the built-in preset's text.")
    var yaml = false

    @OptionGroup var options: PresetOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        if yaml {
            guard let text = PresetLibrary.embedded.first(where: { $0.name == name })?.yaml else {
                throw CommandFailure("there is no built-in preset '\(name)'", exitCode: ExitReport.usage)
            }
            return Terminal.print(text)
        }
        let preset = try options.preset(name)
        Terminal.print(output.json ? Self.json(preset).text : Self.text(preset))
    }

    private static func text(_ preset: Preset) -> String {
        var fields = FieldList()
        fields.add("preset", preset.name)
        fields.add("system", preset.title)
        fields.add("before", preset.help)
        fields.add("requests", preset.requests.isEmpty ? nil : preset.requests.keys.sorted().map(\.rawValue).joined(separator: ", "))
        fields.add("a repeat", preset.identity.words)
        fields.add("a success proves", preset.proof.words)
        fields.add("pace", preset.pace.map { "\($0.rate.text) per destination" })
        var table = Table("WITH", "", "DEFAULT", "WHAT")
        for parameter in preset.allParameters {
            let traits = [parameter.isRequired ? "required" : nil, parameter.isSecret ? "secret" : nil].compactMap { $0 }
            table.add(parameter.name, traits.joined(separator: ", "), parameter.fallback ?? "", parameter.help)
        }
        return "\(fields.text())\n\n\(table.text())"
    }

    private static func json(_ preset: Preset) -> JSON {
        let parameters = preset.allParameters.map { parameter -> JSON in
            [
                "name": .string(parameter.name), "kind": .string(parameter.kind.rawValue), "secret": .bool(parameter.isSecret),
                "required": .bool(parameter.isRequired), "default": parameter.fallback.map { .string($0) } ?? .null,
                "help": .string(parameter.help), "example": parameter.example.map { .string($0) } ?? .null,
            ]
        }
        return [
            "name": .string(preset.name), "title": .string(preset.title), "help": preset.help.map { .string($0) } ?? .null,
            "requests": .array(preset.requests.keys.sorted().map { .string($0.rawValue) }), "identity": .string(preset.identity.rawValue),
            "proves": .string(preset.proof.rawValue), "pace": preset.pace.map { .string($0.rate.text) } ?? .null,
            "with": .array(parameters),
        ]
    }
}

extension RepeatProtection {
    fileprivate var words: String {
        switch self {
        case .key: "is known to the system by its key"
        case .data: "changes nothing: the data have a fixed identity"
        case .search: "is found by a search before anything is created"
        case .update: "changes what the first one made, unless its answer was lost"
        case .none: "may be a second message when an answer was lost"
        }
    }
}

extension SuccessProof {
    fileprivate var words: String {
        switch self {
        case .stored: "that the message is there"
        case .accepted: "that the system took it and will try"
        case .unknown: "nothing"
        }
    }
}
