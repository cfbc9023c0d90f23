import Foundation
import RingbackTesting

@testable import Inbox

/// An inbox in a temporary directory.
struct InboxUnderTest: Sendable {
    let directory: URL

    static func lend<Result>(_ body: (InboxUnderTest) async throws -> Result) async throws -> Result {
        try await withTemporaryDirectory { parent in
            let inbox = InboxUnderTest(directory: parent.appending(path: "inbox"))
            try inbox.make()
            return try await body(inbox)
        }
    }

    func make() throws {
        for folder in ["tmp", "new", "cur"] {
            try FileManager.default.createDirectory(at: directory.appending(path: folder), withIntermediateDirectories: true)
        }
    }

    var reader: InboxReader { InboxReader(directory.path) }

    /// Puts a file into `new` as a writer does: whole, by a rename.
    func deliver(_ name: String, _ content: String = "{}\n") throws {
        let draft = directory.appending(path: "tmp/\(UUID().uuidString)")
        try Data(content.utf8).write(to: draft)
        try FileManager.default.moveItem(at: draft, to: directory.appending(path: "new/\(name)"))
    }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path).sorted()
    }
}

extension String {
    /// The last part of a path.
    var fileName: String { String(split(separator: "/").last ?? "") }
}
