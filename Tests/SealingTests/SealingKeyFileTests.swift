import Foundation
import RingbackTesting
import Testing

@testable import Sealing

@Suite("A key file")
struct SealingKeyFileTests {
    private func withFile(_ body: (SealingKeyFile, URL) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try await body(SealingKeyFile(path: directory.appending(path: "ringback.db.key").path), directory)
        }
    }

    @Test("is made once, for its owner's eyes only, and leaves nothing beside it")
    func making() async throws {
        try await withFile { file, directory in
            #expect(try file.read() == nil)
            let key = try file.make()
            #expect(try file.read() == key)
            #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["ringback.db.key"])
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == key.reveal() + "\n")
        }
    }

    @Test("that is there already is not replaced, and its key is the one that counts")
    func existing() async throws {
        try await withFile { file, directory in
            let key = try file.make()
            #expect(try file.make() == key)
            #expect(try file.read() == key)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
        }
    }

    @Test("made by many at once gives all of them the same key")
    func race() async throws {
        try await withFile { file, directory in
            let keys = await withTaskGroup(of: SealingKey?.self) { group in
                // A maker that fails shows as a missing key below.
                for _ in 0..<16 { group.addTask { try? file.make() } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let written = try file.read()
            #expect(Set(keys) == [written])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
        }
    }

    @Test("that others can read or write is refused with what to do", arguments: [0o644, 0o640, 0o604, 0o620, 0o606, 0o601])
    func mode(_ mode: Int) async throws {
        try await withFile { file, _ in
            let key = try file.make()
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
            let error = #expect(throws: SealingKeyFile.Unusable.self) { try file.read() }
            let text = error?.description ?? ""
            #expect(text.contains("mode 0\(String(mode, radix: 8))") && text.contains("chmod 600"))
            #expect(!text.contains(key.reveal()))
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file.path)
            #expect(try file.read() == key)
        }
    }

    @Test("that holds no key is refused and left as it is", arguments: ["", "\n", "hunter2", "AAECAwQFBgcICQoLDA0ODw==\n"])
    func damaged(_ content: String) async throws {
        try await withFile { file, _ in
            #expect(FileManager.default.createFile(atPath: file.path, contents: Data(content.utf8), attributes: [.posixPermissions: 0o600]))
            let error = #expect(throws: SealingKeyFile.Unusable.self) { try file.read() }
            #expect(error?.description.contains("restore it from a backup") == true)
            #expect(throws: SealingKeyFile.Unusable.self) { try file.make() }
            let after = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(after == content)
        }
    }

    @Test("cannot be a directory, nor be made where nothing can be made")
    func impossible() async throws {
        try await withFile { file, directory in
            #expect(throws: SealingKeyFile.Unusable.self) { try SealingKeyFile(path: directory.path).read() }
            let error = #expect(throws: SealingKeyFile.Unusable.self) {
                try SealingKeyFile(path: directory.appending(path: "missing/ringback.db.key").path).make()
            }
            #expect(error?.description.contains("give the key as master_key") == true)
        }
    }

    @Test("is made for a store without sealed values only")
    func firstStart() async throws {
        try await withFile { file, _ in
            let keys = SealingKeys(file: file)
            let lost = SealingKey.random()
            let error = #expect(throws: SealingKeyFile.Unusable.self) { try keys.sealer(sealedWith: [lost.id]) }
            #expect(error?.description.contains("'\(file.path)' is gone") == true && error?.description.contains("\(lost.id)") == true)
            #expect(try file.read() == nil, "a new key would hide that the old one is lost")
            let sealer = try keys.sealer(sealedWith: [])
            #expect(try file.read()?.id == sealer.current)
            #expect(try keys.sealer(sealedWith: [sealer.current]).current == sealer.current)
        }
    }

    @Test("is neither made nor needed when a master key is given")
    func masterKey() async throws {
        try await withFile { file, _ in
            let master = SealingKey.random()
            let sealer = try SealingKeys(master: master, file: file).sealer(sealedWith: [])
            #expect(sealer.current == master.id)
            #expect(try file.read() == nil)
        }
    }

    @Test("opens what is there when a master key is given for the first time")
    func changeToMasterKey() async throws {
        try await withFile { file, _ in
            let filed = try file.make()
            let master = SealingKey.random()
            let sealer = try SealingKeys(master: master, file: file).sealer(sealedWith: [filed.id])
            #expect(sealer.current == master.id)
            #expect(sealer.knows(filed.id))
        }
    }

    @Test("with another key than the store's is told apart by its id")
    func otherKey() async throws {
        try await withFile { file, _ in
            let filed = try file.make()
            let wanted = SealingKey.random()
            let error = #expect(throws: SealingKeyFile.Unusable.self) { try SealingKeys(file: file).sealer(sealedWith: [wanted.id]) }
            let text = error?.description ?? ""
            #expect(text.contains("sealed with another key (id \(wanted.id)") && text.contains("give the old key as master_key"))
            #expect(text.contains("\(filed.id)") && !text.contains(filed.reveal()))
            #expect(try SealingKeys(previous: [wanted], file: file).sealer(sealedWith: [wanted.id]).knows(wanted.id))
        }
    }
}
