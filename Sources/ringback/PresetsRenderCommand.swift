import ArgumentParser
import Foundation
import Presets
import RawJSON
import RingbackCore
import Settings

struct PresetsRenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Shows exactly what a preset would send, and sends nothing.",
        discussion: """
            Of an event's own sample, or of a response object in a file ('-' for standard input). Parameters that are not given are filled in
            with examples; secrets are never shown. Arguments show in process lists: give secrets by --with-file.

            Try it:
              ringback presets render slack --sample failed
              ringback presets render slack --with-file room.yaml
            """)

    @Argument(help: "The preset's name.")
    var name: String

    @Option(help: "completed, failed, incomplete or cancelled.")
    var sample: String?

    @Option(help: "A file with a response object, as the upstream gave it.")
    var event: String?

    @Option(name: .customLong("with"), help: ArgumentHelp("A parameter; repeat it for more.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(
        name: .customLong("with-file"),
        help: ArgumentHelp(
            "A YAML or JSON file with parameters, as below 'with' in the configuration; or name=path, a file that holds one. Repeat it for more.",
            valueName: "path"))
    var parameterFiles: [String] = []

    @OptionGroup var options: PresetOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for parameter in parameters where !parameter.dropFirst().contains("=") { throw ValidationError("--with takes 'name=value'") }
        if sample != nil, event != nil { throw ValidationError("give --sample or --event, not both") }
        if let sample, TerminalStatus(rawValue: sample) == nil {
            throw ValidationError("--sample is one of \(TerminalStatus.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() async throws {
        let preset = try options.preset(name)
        let preview = try PresetPreview(preset, given: given(), response: response())
        Terminal.print(output.json ? preview.json.text : preview.text)
    }

    private func given() throws -> [String: String] {
        try ParameterFiles.values(of: parameterFiles).merging(
            parameters.map { parameter in
                let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }, uniquingKeysWith: { $1 })
    }

    private func response() throws -> [UInt8] {
        guard let event else {
            return SampleResponse.bytes(TerminalStatus(rawValue: sample ?? "completed") ?? .completed)
        }
        if event == "-" { return try Terminal.readInput(limit: 1024 * 1024) }
        do {
            return Array(try UnreadableFile.read(event).utf8)
        } catch {
            throw CommandFailure("'\(event)' cannot be read: \(error)", exitCode: ExitReport.usage)
        }
    }
}
