import Foundation
import RingbackCore
import Store
import Testing

@testable import Destinations

/// The ids in `Data/file_drop_cases.json`, each made to break out of a directory, a shell or a file system.
enum HostileIDs {
    private struct Table: Decodable {
        struct Row: Decodable {
            let response_id: String
        }

        let names: [Row]
    }

    static func load() throws -> [String] {
        let file = try #require(Bundle.module.url(forResource: "file_drop_cases", withExtension: "json", subdirectory: "Data"))
        return try JSONDecoder().decode(Table.self, from: Data(contentsOf: file)).names.map(\.response_id)
    }

    /// Empty when the file cannot be read, which a test of its own notices.
    static let all = (try? load()) ?? []
}

@Suite("The name of an inbox's file")
struct InboxFileNameTests {
    @Test("is time, response id and outcome")
    func plain() throws {
        #expect(InboxFileName(try Jobs.job().event).json == "20261123T061208Z.resp_abc123.completed.json")
        #expect(InboxFileName(try Jobs.job().event).text == "20261123T061208Z.resp_abc123.completed.txt")
        #expect(InboxFileName(try Jobs.job(type: .responseIncomplete).event).json == "20261123T061208Z.resp_abc123.incomplete.json")
        #expect(InboxFileName(try Jobs.job(type: .watchLost).event).json == "20261123T061208Z.resp_abc123.watch-lost.json")
    }

    @Test("has the event's id where there is no response")
    func bridgeEvent() throws {
        let event = try Jobs.job(response: nil, type: .ringbackTest).event
        #expect(InboxFileName(event).json == "20261123T061208Z.\(event.id).ringback-test.json")
    }

    @Test(
        "escapes what is not plain, and marks what could be mistaken where case is ignored",
        arguments: [
            ("a/b", "a=2Fb"), ("../../etc/passwd", "..=2F..=2Fetc=2Fpasswd"), ("a=2fb", "a=3D2fb"), ("", ""), ("..", ".."),
            ("café", "caf=C3=A9"), ("cafe\u{301}", "cafe=CC=81"), ("a\u{0}b", "a=00b"), ("%2e", "=252e"),
            // The hash is that of `printf Ab | sha256sum`.
            ("Ab", "Ab=h025b5573cb68f3af"),
        ])
    func escapes(id: String, escaped: String) throws {
        #expect(InboxFileName(try Jobs.job(response: id).event).stem == "20261123T061208Z.\(escaped).completed")
    }

    @Test("is of good form, short enough and never that of another id, even where case is ignored")
    func hostile() throws {
        let ids = HostileIDs.all
        #expect(ids.count >= 29)
        var names: [String] = []
        for id in ids {
            for apart in [false, true] {
                let name = InboxFileName(try Jobs.job(response: id).event, apart: apart).json
                #expect(name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._=+-]{0,200}/) != nil)
                #expect(name.utf8.count <= InboxFileName.maximumBytes)
                names.append(name.lowercased())
            }
        }
        #expect(Set(names).count == 2 * ids.count)
    }

    @Test("of ids that differ only after the place where they are cut are different")
    func long() throws {
        let names = try (0..<100).map { number in
            InboxFileName(try Jobs.job(response: String(repeating: "é", count: 200) + "\(number)", type: .responseIncomplete).event).json
        }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.count <= InboxFileName.maximumBytes })
        // No escape is cut in the middle.
        #expect(names.allSatisfy { $0.wholeMatch(of: /20261123T061208Z\.(=C3=A9)+(=C3)?=h[0-9a-f]{16}\.incomplete\.json/) != nil })
    }

    @Test("of random ids over a small, nasty alphabet is never shared")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let alphabet = ["a", "A", "=", "h", "2", "F", "f", ".", "/", "é", "-"]
        var owner: [String: String] = [:]
        for _ in 0..<5_000 {
            let id = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }.joined()
            let name = InboxFileName(try Jobs.job(response: id).event).json.lowercased()
            #expect(owner[name] == nil || owner[name] == id, "seed \(seed)")
            owner[name] = id
        }
    }
}
