import Foundation

/// Writes a Swift file that holds the texts of others: `embed-presets OUTPUT INPUT...`.
@main
struct EmbedPresetsTool {
    static func main() throws {
        let paths = CommandLine.arguments.dropFirst()
        guard let output = paths.first else {
            FileHandle.standardError.write(Data("usage: embed-presets OUTPUT INPUT...\n".utf8))
            exit(2)
        }
        let entries = try paths.dropFirst().map { path in
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let name = URL(filePath: path).deletingPathExtension().lastPathComponent
            return "        (\(literal(name)), \(literal(text))),"
        }
        let source = """
            /// The presets that come with the program. Made from Sources/Presets/BuiltIn at build time.
            enum EmbeddedPresets {
                static let texts: [(name: String, yaml: String)] = [
            \(entries.joined(separator: "\n"))
                ]
            }

            """
        try source.write(toFile: output, atomically: true, encoding: .utf8)
    }

    /// A text on one line of Swift, whatever it holds.
    private static func literal(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: "\\u{\(String(scalar.value, radix: 16))}"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
