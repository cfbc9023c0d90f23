import Foundation
import RawJSON
import Testing

/// The dashboard as people meet it: in a real browser, driven by `Tests/Browser/dashboard.py`, which says what holds.
///
/// `make test` installs the browser, and what drives it into `.build/browser`; without them this suite fails.
@Suite("The dashboard in a browser", .timeLimit(.minutes(10)))
struct BrowserTests {
    @Test(
        "shows a response complete live, redrives a dead letter, does nothing for hostile texts, and is fit for keyboard, screen reader, dark and narrow"
    )
    func dashboard() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ringback-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // A directory left behind harms no test; the system cleans its temporary files.
        defer { try? FileManager.default.removeItem(at: directory) }
        let interpreter = CommandLineTests.repository.appending(path: ".build/browser/bin/python")
        for tool in [interpreter.path, "/usr/bin/chromium", "/usr/bin/chromedriver"] {
            try #require(FileManager.default.isExecutableFile(atPath: tool), "\(tool) is missing: run `make test-deps`")
        }
        let log = directory.appending(path: "browser.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = interpreter
        process.arguments = [
            CommandLineTests.repository.appending(path: "Tests/Browser/dashboard.py").path, try RingbackProcess.binary.path,
            directory.appending(path: "world").path,
        ]
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": directory.path, "PYTHONDONTWRITEBYTECODE": "1"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (exits, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { continuation.yield($0.terminationStatus) }
        try RingbackProcess.spawn(process)
        let status = try #require(await exits.first { _ in true })
        let said = try String(contentsOf: log, encoding: .utf8)
        #expect(status == 0, "\(said.suffix(4000))")
        #expect(said.split(separator: "\n").count { $0.hasPrefix("ok ") } == 11, "all of it was looked at")
    }
}
