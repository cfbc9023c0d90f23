import Presets
import Testing

@testable import Settings

/// The table of endpoints in the README, one for each system.
@Suite("An endpoint of the README")
struct ReadmeEndpointTests {
    private static let readme = (try? repositoryFile("README.md")) ?? ""

    private static let rows = readme.matches(of: /\| `(\{ name: .+? \})` \|/).map { String($0.1) }

    @Test("is one that the configuration takes, with each secret in a file", arguments: rows)
    func isTaken(row: String) throws {
        let name = try #require(row.firstMatch(of: /preset: ([a-z-]+)/)).1
        let preset = try #require(try PresetLibrary.builtIn()[String(name)], "there is no preset '\(name)'")
        let files = row.matches(of: /([a-z_]+)_file: ([^ ,}]+)/).map { match in
            let parameter = preset.parameters.first { $0.name == String(match.1) }
            return (String(match.2), parameter?.example ?? "0123456789abcdef")
        }
        let settings = try load(minimal + "\nendpoints: [\(row)]\n", files: Dictionary(files, uniquingKeysWith: { $1 }))
        #expect(settings.endpoints.count == 1)
    }

    @Test("is there for every preset, and mail has a section of its own")
    func allAreThere() {
        for (name, _) in PresetLibrary.embedded {
            #expect(name == "email" || Self.rows.contains { $0.contains("preset: \(name),") }, "\(name)")
        }
        #expect(Self.readme.contains("preset: email"))
    }
}
