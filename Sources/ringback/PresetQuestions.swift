import Foundation
import Presets
import RawJSON
import Settings

/// Gathers what a preset has to be told: from arguments, from files, and on a terminal from whoever sits there.
///
/// A secret is never taken from an argument, which every user of the machine could read.
struct PresetQuestions {
    private let name: String
    /// `nil` when this program does not know the preset: the server may, from its own `presets_dir`, and judges what it is given.
    private let preset: Preset?
    private var values: [String: String] = [:]

    /// - Throws: ``CommandFailure`` for a secret among the arguments or a file that cannot be read.
    init(preset name: String, given: [String], files: [String]) throws {
        self.name = name
        preset = try PresetLibrary.builtIn()[name]
        for (name, value) in given.map(Self.split) {
            if preset?.parameters.contains(where: { $0.name == name && $0.isSecret }) == true {
                throw CommandFailure(
                    "'\(name)' is a secret, and arguments show in process lists: write --with-file \(name)=PATH",
                    exitCode: ExitReport.usage)
            }
            values[name] = value
        }
        values.merge(try ParameterFiles.values(of: files)) { $1 }
    }

    /// - Throws: ``CommandFailure`` when something is missing and nobody is there to ask.
    func answers() throws -> [JSON.Member] {
        var values = values
        for parameter in preset?.parameters ?? [] where parameter.isRequired && values[parameter.name] == nil {
            values[parameter.name] = try ask(parameter)
        }
        return values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
    }

    private func ask(_ parameter: PresetParameter) throws -> String {
        guard Terminal.isInteractive else {
            let option = parameter.isSecret ? "--with-file \(parameter.name)=PATH" : "--with \(parameter.name)=VALUE"
            throw CommandFailure(
                "the preset '\(name)' needs '\(parameter.name)': \(parameter.help) Write \(option)", exitCode: ExitReport.usage)
        }
        if let help = preset?.help, parameter == preset?.parameters.first { Terminal.note(help) }
        for _ in 0..<Self.maximumAsking {
            let example = parameter.example.map { " (such as \($0))" } ?? ""
            let question = "\(parameter.name): \(parameter.help)\(parameter.isSecret ? " It is not shown." : example)\n> "
            let answer = parameter.isSecret ? Terminal.askSecretly(question) : Terminal.ask(question)
            guard let answer else { break }
            guard !answer.isEmpty, let trouble = parameter.trouble(with: answer) else {
                if !answer.isEmpty { return answer }
                continue
            }
            Terminal.note("'\(parameter.name)' \(trouble)")
        }
        throw CommandFailure("nothing was given for '\(parameter.name)'", exitCode: ExitReport.usage)
    }

    private static let maximumAsking = 5

    private static func split(_ text: String) -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
}
