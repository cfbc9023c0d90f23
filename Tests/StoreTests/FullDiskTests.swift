import Foundation
import Glibc
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

/// A file system of a few megabytes. Only root can make one; elsewhere these tests show up as skipped.
@Suite("On a full disk", .enabled(if: SmallDisk.canBeMade, "mounting a tmpfs needs root"), .serialized)
struct FullDiskTests {
    @Test("every change of the round fails with noSpace, and the store works again when there is room")
    func recovery() async throws {
        try await SmallDisk.with { disk in
            let time = ManualTime()
            let store = try openSQLite(in: disk, time: time)
            let scene = Scene(store: store, time: time)
            let kept = try await scene.ended("resp_kept")
            let claimed = try await scene.claimed(scene.request())
            let body = String(repeating: "x", count: 100_000)
            let ballast = disk.appending(path: "ballast")
            try SmallDisk.fill(ballast)
            let registered = await registerUntilFull(scene, metadata: ["body": body])

            await #expect(throws: StoreError.noSpace) { _ = try await store.end(scene.ending(claimed, response: body)) }
            #expect(try await store.openWatchCount() == registered + 1)
            #expect(try await store.watch(claimed.watch.id) == claimed.watch)
            #expect(try await store.response(of: claimed.watch.id) == nil)
            #expect(try await store.event(kept.id) == kept, "reading goes on")

            try FileManager.default.removeItem(at: ballast)
            #expect(try await store.end(scene.ending(claimed, response: body)) != nil)
            #expect(try await store.response(of: claimed.watch.id) == Array(body.utf8))
            try await store.checkReadiness()
            await store.close()

            let again = try openSQLite(in: disk, time: time)
            #expect(try await again.event(kept.id) == kept)
            #expect(try await again.response(of: claimed.watch.id) == Array(body.utf8))
            await again.close()
        }
    }

    @Test("callers in the same round all hear of it, and each may simply try again")
    func wholeRound() async throws {
        try await SmallDisk.with { disk in
            let time = ManualTime()
            let store = try openSQLite(in: disk, time: time)
            let scene = Scene(store: store, time: time)
            let ballast = disk.appending(path: "ballast")
            try SmallDisk.fill(ballast)
            let body = String(repeating: "x", count: 200_000)
            let failed = await withTaskGroup(of: String?.self) { group in
                for number in 1...50 {
                    group.addTask {
                        do {
                            _ = try await store.register(scene.request("resp_\(number)", metadata: ["body": body]), now: scene.now)
                            return nil
                        } catch {
                            #expect(error as? StoreError == .noSpace)
                            return "resp_\(number)"
                        }
                    }
                }
                return await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
            }
            #expect(!failed.isEmpty)
            #expect(try await store.openWatchCount() == 50 - failed.count)
            try FileManager.default.removeItem(at: ballast)
            for response in failed { _ = try await store.register(scene.request(response), now: scene.now) }
            #expect(try await store.openWatchCount() == 50)
            await store.close()
        }
    }

    /// - Returns: How many registrations were acknowledged before the disk was full.
    private func registerUntilFull(_ scene: Scene, metadata: [String: String]) async -> Int {
        for number in 0..<SmallDisk.bytes {
            do {
                _ = try await scene.store.register(scene.request("resp_\(number)_filler", metadata: metadata), now: scene.now)
            } catch {
                #expect(error == .noSpace)
                return number
            }
        }
        Issue.record("the disk was never full")
        return 0
    }
}

enum SmallDisk {
    static let bytes = 4 * 1024 * 1024

    static let canBeMade: Bool = {
        let probe = FileManager.default.temporaryDirectory.appending(path: "ringback-disk-\(UUID().uuidString)")
        // Any failure here means the same: no such disk can be made.
        guard (try? FileManager.default.createDirectory(at: probe, withIntermediateDirectories: true)) != nil else { return false }
        defer { try? FileManager.default.removeItem(at: probe) }
        return mount(size: 64 * 1024, at: probe) && umount2(probe.path, 0) == 0
    }()

    static func with(_ body: (URL) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try #require(mount(size: bytes, at: directory))
            do {
                try await body(directory)
            } catch {
                detach(directory)
                throw error
            }
            detach(directory)
        }
    }

    /// By system calls: a program that is waited for would hold one of the pool's few threads, for as long as any other test's program lives
    /// that was started in the same moment and shares its descriptors.
    private static func mount(size: Int, at directory: URL) -> Bool {
        Glibc.mount("tmpfs", directory.path, "tmpfs", 0, "size=\(size)") == 0
    }

    /// Also while a test that failed left a store open in it.
    private static func detach(_ directory: URL) {
        _ = umount2(directory.path, Int32(MNT_DETACH))
    }

    /// Writes a file that leaves a few hundred kilobytes.
    static func fill(_ file: URL) throws {
        let free = try #require(
            try FileManager.default.attributesOfFileSystem(forPath: file.deletingLastPathComponent().path)[.systemFreeSize] as? NSNumber
        )
        try Data(count: free.intValue - 300_000).write(to: file)
    }
}
