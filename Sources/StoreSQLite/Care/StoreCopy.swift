import Cryptography
import Foundation
import GRDB
package import Store

/// A consistent copy of a store, made beside whoever works with it.
///
/// It is what one reader saw at one moment (SQLite: VACUUM INTO). The writer is never held up; only the write-ahead log cannot be folded in
/// while the copy is made, and grows for so long.
package struct StoreCopy: Sendable {
    private let source: String
    package let target: String
    /// Where the copy is written before it gets its name: it appears whole or not at all.
    private let draft: String

    package init(of source: String, to target: String) {
        self.source = source
        self.target = target
        draft = "\(target).\(Hex.encode(SecureRandom.bytes(6))).part"
    }

    /// What is written so far, in bytes.
    package var written: Int {
        (try? FileManager.default.attributesOfItem(atPath: draft)[.size] as? Int) ?? 0
    }

    /// About how large the copy will be, in bytes.
    package func expectedSize() throws(StoreError) -> Int {
        let file = StoreFile(path: source)
        do {
            let queue = try file.openReadOnly()
            let space = try queue.read { try $0.space(of: source) }
            try queue.close()
            return space.file - space.unused
        } catch {
            throw file.explained(error)
        }
    }

    /// Blocks its thread.
    ///
    /// - Parameter replacing: Whether `target` may be there already.
    /// - Returns: The size of the copy in bytes.
    /// - Throws: ``StoreError`` when the store cannot be read or the copy not be written; nothing is left behind then.
    @discardableResult
    package func run(replacing: Bool) throws(StoreError) -> Int {
        guard !Self.isSameFile(source, target) else { throw .unusable("'\(target)' is the store itself: choose another name") }
        guard replacing || !FileManager.default.fileExists(atPath: target) else {
            throw .unusable("'\(target)' is there already: choose another name, or use --force")
        }
        try DurableFile.make(draft)
        // After it has got its name there is nothing to remove.
        defer { try? FileManager.default.removeItem(atPath: draft) }
        let file = StoreFile(path: source)
        do {
            let queue = try file.openReadOnly()
            try queue.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [draft]) }
            try queue.close()
        } catch {
            throw file.explained(error)
        }
        try check()
        let size = written
        try DurableFile.flush(draft)
        DurableFile.giveToOwnerOfDirectory(draft)
        try DurableFile.move(draft, to: target, replacing: replacing)
        return size
    }

    /// A copy that cannot be read back is none.
    private func check() throws(StoreError) {
        let file = StoreFile(path: draft)
        do {
            let queue = try file.openReadOnly()
            let damage = try queue.read { try $0.damage(limit: 1) }
            try queue.close()
            guard damage.isEmpty else { throw StoreError.unusable("the copy is damaged (\(damage[0])): look at the disks") }
        } catch {
            throw file.explained(error)
        }
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        let identity = { (path: String) -> [NSNumber]? in
            let facts = try? FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
            guard let node = facts?[.systemFileNumber] as? NSNumber, let device = facts?[.systemNumber] as? NSNumber else { return nil }
            return [node, device]
        }
        guard let one = identity(one) else { return false }
        return one == identity(other)
    }
}
