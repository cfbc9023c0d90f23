package import Foundation

/// Runs `body` with a fresh directory and removes it afterwards.
package func withTemporaryDirectory<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "ringback-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    // A directory left behind harms no test; the system cleans its temporary files.
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory)
}
