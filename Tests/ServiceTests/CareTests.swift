import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing

/// Looking after a store with the real binary: backup, restore and doctor.
@Suite("Looking after a bridge", .serialized, .timeLimit(.minutes(5)))
struct CareTests {
    @Test("a backup made under load holds everything acknowledged before it, and a bridge on it delivers what was pending")
    func backupAndRestore() async throws {
        try await Surroundings.lend { surroundings in
            // The endpoint is down when the backup is made: its deliveries wait.
            surroundings.received.answer(503)
            let bridge = try Bridge(surroundings)
            let backup = surroundings.directory.appending(path: "backup.db")
            var acknowledged: [String] = []
            try await bridge.lend { _ in
                for _ in 0..<20 {
                    let response = try await surroundings.createResponse(["duration": "50ms", "output_bytes": "20000"])
                    try await bridge.register(response)
                    acknowledged.append(response)
                }
                for response in acknowledged { _ = try await bridge.delivery(of: response, to: "scripts", status: "delivered") }
                // Others go on registering while the copy is made.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while !Task.isCancelled {
                                let response = try await surroundings.createResponse(["duration": "50ms", "output_bytes": "20000"])
                                try await bridge.register(response)
                            }
                        }
                    }
                    let copied = try await bridge.care("backup", backup.path)
                    #expect(copied.status == 0, "\(copied.errors)")
                    #expect(copied.errors.contains("checked and on disk") && copied.errors.contains("ringback.db.key"))
                    group.cancelAll()
                    // The clients end with the error of their cancelled call.
                    while let result = await group.nextResult() { _ = result }
                }
                let mode = try FileManager.default.attributesOfItem(atPath: backup.path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let again = try await bridge.care("backup", backup.path)
                #expect(again.status == 1 && again.errors.contains("is there already"))
                #expect(try await bridge.care("backup", backup.path, "--force").status == 0)
                let early = try await bridge.care("restore", backup.path, "--force")
                #expect(early.status == 1 && early.errors.contains("in use by another Ringback process"))
            }

            let refused = try await bridge.care("restore", backup.path)
            #expect(refused.status == 1 && refused.errors.contains("--force"))
            let restored = try await bridge.care("restore", backup.path, "--force")
            #expect(restored.status == 0, "\(restored.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: bridge.storeDirectory.path)
            #expect(names.filter { $0.hasPrefix("ringback.db.before-restore-") }.count == 1, "\(names)")
            #expect(!names.contains { $0.hasSuffix(".part") || $0.hasSuffix(".restored") })
            surroundings.received.answer(204)
            try await bridge.lend { _ in
                let expected = acknowledged
                try await eventually(within: .seconds(60), "what was pending in the backup is delivered") {
                    let ids = try surroundings.received.webhookIDs()
                    return expected.allSatisfy { ids[$0]?.count == 1 }
                }
            }
        }
    }

    @Test("what is damaged, no store, or sealed with a key that is not there is not restored, and nothing is changed then")
    func refusals() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in }
            let backup = surroundings.directory.appending(path: "backup.db")
            #expect(try await bridge.care("backup", backup.path).status == 0)
            let before = try Data(contentsOf: bridge.storeDirectory.appending(path: "ringback.db"))

            var bytes = try Data(contentsOf: backup)
            bytes.replaceSubrange(4096 * 12..<4096 * 13, with: Data(repeating: 0x55, count: 4096))
            let damaged = surroundings.directory.appending(path: "damaged.db")
            try bytes.write(to: damaged)
            let text = surroundings.directory.appending(path: "text.db")
            try Data("hello".utf8).write(to: text)
            for (file, words) in [(damaged.path, "damaged"), (text.path, "not a SQLite database"), ("missing.db", "no file")] {
                let outcome = try await bridge.care("restore", file, "--force")
                #expect(outcome.status == 1 && outcome.errors.contains(words), "\(file): \(outcome.errors)")
            }
            let key = bridge.storeDirectory.appending(path: "ringback.db.key")
            let aside = surroundings.directory.appending(path: "key")
            try FileManager.default.moveItem(at: key, to: aside)
            let keyless = try await bridge.care("restore", backup.path, "--force")
            #expect(
                keyless.status == 1 && keyless.errors.contains("restore that file, or give its content as master_key"), "\(keyless.errors)")
            try FileManager.default.moveItem(at: aside, to: key)
            #expect(try Data(contentsOf: bridge.storeDirectory.appending(path: "ringback.db")) == before)
            try await bridge.lend { _ in }
        }
    }

    @Test("the doctor finds nothing serious beside a bridge at work, and says what is wrong without one")
    func doctor() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "50ms"])
                try await bridge.register(response)
                _ = try await bridge.delivery(of: response, status: "delivered")
                let look = try await bridge.care("doctor", "--json")
                #expect(look.status == 0, "\(look.output)\(look.errors)")
                let findings = try #require(try look.json()["findings"]?.elements)
                let checks = Set(findings.compactMap { $0["check"]?.string })
                #expect(checks.isSuperset(of: ["store", "server", "upstream", "endpoint", "clock", "machine"]))
                #expect(!look.output.contains(surroundings.secret.reveal()))
                let busy = try await bridge.care("doctor", "--fix")
                #expect(busy.status == 1 && busy.errors.contains("in use by another Ringback process"))
            }
            let path = bridge.storeDirectory.appending(path: "ringback.db").path
            let damage = "PRAGMA ignore_check_constraints = ON; UPDATE deliveries SET ended_at = NULL;"
            #expect(
                try await Invocation.run(
                    ["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", path, damage],
                    in: surroundings.directory, program: URL(filePath: "/usr/bin/python3")
                ).status == 0)
            let sick = try await bridge.care("doctor", "--offline")
            #expect(sick.status == 1)
            #expect(sick.output.contains("SERIOUS  store: deliveries that are neither due, nor under way, nor ended: 2"), "\(sick.output)")
            let mended = try await bridge.care("doctor", "--offline", "--fix")
            #expect(mended.status == 0, "\(mended.output)\(mended.errors)")
            #expect(mended.output.contains("mended: deliveries got the columns that fit their status: 2"))
            try "listen: nonsense".write(to: bridge.configuration, atomically: true, encoding: .utf8)
            #expect(try await bridge.care("doctor").status == 2)
        }
    }
}

extension Bridge {
    /// Runs a command that works with the bridge's configuration.
    fileprivate func care(_ arguments: String...) async throws -> Invocation {
        try await Invocation.run(arguments + ["--config", configuration.path], in: surroundings.directory)
    }
}
