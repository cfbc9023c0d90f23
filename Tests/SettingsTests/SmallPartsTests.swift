import Foundation
import Testing

@testable import Settings

@Suite("Variables in values")
struct InterpolationTests {
    private static let environment = ["A": "alpha", "EMPTY": "", "NESTED": "${A}"]

    @Test(
        "are filled in as in a shell, once",
        arguments: [
            ("plain $5 and $A", "plain $5 and $A"), ("${A}", "alpha"), ("<${A}${A}>", "<alphaalpha>"), ("${NONE:-x}", "x"),
            ("${EMPTY:-x}", "x"), ("${A:-x}", "alpha"), ("${EMPTY}", ""), ("${NONE:-}", ""), ("${NONE:-a:-b}", "a:-b"), ("$${A}", "${A}"),
            ("$$${A}", "$${A}"), ("${NESTED}", "${A}"), ("$", "$"), ("", ""),
        ])
    func expansion(_ text: String, _ expected: String) throws {
        #expect(try Interpolation.expand(text, environment: Self.environment) == expected)
    }

    @Test("are refused when they are unset or cannot be read")
    func refusal() {
        #expect(throws: Interpolation.Failure.unset("NONE")) { try Interpolation.expand("a ${NONE} b", environment: [:]) }
        for text in ["${", "${A", "${}", "${1A}", "${A-B}", "${A:x}", "${ A }", "${:-x}"] {
            #expect(throws: Interpolation.Failure.malformed, "\(text)") { try Interpolation.expand(text, environment: Self.environment) }
        }
    }

    @Test("come back unchanged after escaping", arguments: ["${A}", "$${A}", "a${${b", "$", "${", "plain"])
    func escaping(_ text: String) throws {
        #expect(try Interpolation.expand(Interpolation.escape(text), environment: [:]) == text)
    }
}

@Suite("The advice for a misspelt word")
struct SpellingTests {
    @Test(
        "is the nearest one",
        arguments: [
            ("pol", "poll"), ("baseUrl", "base_url"), ("base-url", "base_url"), ("rtery", "retry"), ("enpoints", "endpoints"),
            ("endpoint", "endpoints"), ("time", "timeout"), ("RETRY", "retry"),
        ])
    func nearest(_ word: String, _ expected: String) {
        let words = ["name", "poll", "base_url", "endpoints", "timeout", "retry"]
        #expect(Spelling.nearest(to: word, among: words) == expected)
    }

    @Test("is not a word that has nothing to do with it", arguments: ["zebra", "x", "", String(repeating: "poll", count: 40)])
    func none(_ word: String) {
        #expect(Spelling.nearest(to: word, among: ["name", "poll", "base_url"]) == nil)
    }
}

@Suite("An address to listen on")
struct ListenAddressTests {
    @Test(
        "is a host and a port",
        arguments: [
            ("127.0.0.1:8787", "127.0.0.1", 8787, true), ("localhost:0", "localhost", 0, true), ("[::1]:80", "::1", 80, true),
            ("127.255.3.4:1", "127.255.3.4", 1, true), ("0.0.0.0:80", "0.0.0.0", 80, false), ("[::]:80", "::", 80, false),
            ("127.example.com:80", "127.example.com", 80, false), ("[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80, false),
        ])
    func accepted(_ text: String, _ host: String, _ port: Int, _ isLoopback: Bool) throws {
        let address = try ListenAddress(validating: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(
        "is nothing else",
        arguments: [
            "8787", "localhost", ":8787", "*:8787", "a:b", "a:-1", "a:+1", "a:65536", "::1:80", "[::1]", "[x]:80", "[127.0.0.1]:80",
            "http://a:80", "a b:80", "a:", "",
        ])
    func refused(_ text: String) {
        #expect(throws: ListenAddress.Invalid.self) { try ListenAddress(validating: text) }
    }
}

@Suite("The place of a store")
struct StoreLocationTests {
    @Test(
        "is a SQLite file",
        arguments: [
            ("sqlite:./data/r.db", "./data/r.db"), ("sqlite:r.db", "r.db"), ("sqlite:/var/r.db", "/var/r.db"),
            ("sqlite:///var/r.db", "/var/r.db"),
            ("SQLite:r.db", "r.db"),
        ])
    func sqlite(_ text: String, _ path: String) throws {
        #expect(try StoreLocation(validating: text) == .sqlite(path: path))
    }

    @Test(
        "is never a memory, a host, a directory or a path alone",
        arguments: ["sqlite:", "sqlite::memory:", "sqlite://data/r.db", "sqlite:data/", "r.db", "mysql://x", "sqlite", "postgres:x", ""])
    func refused(_ text: String) {
        #expect(throws: StoreLocation.Invalid.self) { try StoreLocation(validating: text) }
    }

    @Test("does not print a password")
    func password() throws {
        let location = try StoreLocation(validating: "postgres://ringback:LEAK@db/ringback")
        #expect(!"\(location)".contains("LEAK"))
        let error = #expect(throws: StoreLocation.Invalid.self) { try StoreLocation(validating: "mysql://ringback:LEAK@db") }
        #expect(error?.description.contains("LEAK") == false)
    }
}

@Suite("A file the configuration names")
struct UnreadableFileTests {
    @Test("is read as UTF-8 text, or the reason is given in plain words")
    func reading() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ringback-settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // A directory left behind harms no test; the system cleans its temporary files.
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "file")

        try Data("käse\n".utf8).write(to: file)
        #expect(try UnreadableFile.read(file.path()) == "käse\n")
        try Data([0x66, 0xFF]).write(to: file)
        #expect(throws: UnreadableFile("it is not UTF-8 text")) { try UnreadableFile.read(file.path()) }
        try Data(count: 1024 * 1024 + 1).write(to: file)
        #expect(throws: UnreadableFile("it has more than 1048576 bytes")) { try UnreadableFile.read(file.path()) }
        #expect(throws: UnreadableFile("there is no such file")) { try UnreadableFile.read(directory.appending(path: "none").path()) }
        #expect(throws: UnreadableFile("it is not a readable file")) { try UnreadableFile.read(directory.path()) }
    }
}
