import Settings

/// What `--with-file` names: `name=PATH`, a file that holds one parameter, or `PATH`, a YAML or JSON file with several.
enum ParameterFiles {
    /// - Throws: ``CommandFailure`` for a file that cannot be read.
    static func values(of arguments: [String]) throws -> [String: String] {
        var values: [String: String] = [:]
        for argument in arguments { values.merge(try self.values(of: argument)) { $1 } }
        return values
    }

    private static func values(of argument: String) throws -> [String: String] {
        if let equals = argument.firstIndex(of: "="), isName(argument[..<equals]) {
            let name = String(argument[..<equals])
            var text = try read(String(argument[argument.index(after: equals)...]), for: " \(name)")
            while text.last?.isNewline == true { text.removeLast() }
            return [name: text]
        }
        let text = try read(argument, for: "")
        do {
            return try ParameterFile.read(text, file: argument)
        } catch {
            Terminal.note("\(error)")
            throw CommandFailure(
                "--with-file: '\(argument)' is no list of parameters: write name: value, one a line", exitCode: ExitReport.usage)
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    private static func read(_ path: String, for name: String) throws -> String {
        do {
            return try UnreadableFile.read(path)
        } catch {
            throw CommandFailure("--with-file\(name): '\(path)' cannot be read: \(error)", exitCode: ExitReport.usage)
        }
    }
}
