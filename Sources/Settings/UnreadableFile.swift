import Foundation

/// Why a file that the configuration needs cannot be read, in plain words. Never holds contents.
package struct UnreadableFile: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Reads a text file of this machine: what the composition root passes as `readFile`.
    ///
    /// - Throws: ``UnreadableFile`` also when the file is no UTF-8 text or larger than any configuration (1 MiB).
    package static func read(_ path: String) throws(UnreadableFile) -> String {
        let data: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            if let size = attributes[.size] as? Int, size > YAMLReader.maximumBytes {
                throw UnreadableFile("it has more than \(YAMLReader.maximumBytes) bytes")
            }
            data = try Data(contentsOf: URL(filePath: path))
        } catch let error as UnreadableFile {
            throw error
        } catch {
            throw UnreadableFile(words(for: error))
        }
        guard let text = String(bytes: data, encoding: .utf8) else { throw UnreadableFile("it is not UTF-8 text") }
        return text
    }

    /// The names of the files in a directory of this machine: what the composition root passes as `listFiles`.
    ///
    /// - Throws: ``UnreadableFile``.
    @Sendable package static func list(_ directory: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw UnreadableFile(words(for: error))
        }
    }

    private static func words(for error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "this user may not read it"
        default: "it is not a readable file"
        }
    }
}
