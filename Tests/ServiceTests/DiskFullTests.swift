import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing

/// A small file system of its own, that can be filled up and emptied again.
struct SmallDisk: Sendable {
    let path: URL

    /// Mounting needs the rights of root; without them the suite is skipped, visibly.
    static var isPossible: Bool {
        guard geteuid() == 0 else { return false }
        let probe = FileManager.default.temporaryDirectory.appending(path: "ringback-mount-\(UUID().uuidString)")
        guard (try? FileManager.default.createDirectory(at: probe, withIntermediateDirectories: true)) != nil else { return false }
        defer { try? FileManager.default.removeItem(at: probe) }
        guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", probe.path) else { return false }
        return run("umount", probe.path)
    }

    static func lend(megabytes: Int, at path: URL, _ body: (SmallDisk) async throws -> Void) async throws {
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        try #require(run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path.path))
        defer { _ = run("umount", "-l", path.path) }
        try await body(SmallDisk(path: path))
    }

    private var ballast: URL { path.appending(path: "ballast") }

    /// Takes every free byte.
    func fill() throws {
        _ = FileManager.default.createFile(atPath: ballast.path, contents: nil)
        let file = try FileHandle(forWritingTo: ballast)
        for size in [65536, 4096, 512, 1] {
            // The write that no longer fits is what this loop is after.
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try file.close()
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(at: ballast)
    }

    private static func run(_ command: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

@Suite("A full disk", .serialized, .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
struct DiskFullTests {
    @Test("stops acknowledgements with a clear error, loses nothing, and everything arrives once there is room", .timeLimit(.minutes(3)))
    func everythingArrivesOnceThereIsRoom() async throws {
        try await Surroundings.lend { surroundings in
            try await SmallDisk.lend(megabytes: 8, at: surroundings.directory.appending(path: "disk")) { disk in
                let bridge = try Bridge(surroundings, storeDirectory: disk.path, inbox: disk.path.appending(path: "inbox"))
                let process = try bridge.start()
                try await bridge.waitUntilReady()

                var responses: [String] = []
                for _ in 0..<20 {
                    let response = try await surroundings.createResponse(["duration": "15s", "output_bytes": "2000"])
                    try await bridge.register(response)
                    responses.append(response)
                }
                try disk.fill()
                let refusal = try await refusedRegistration(bridge)
                #expect(refusal.status == 503)
                #expect(refusal.text.contains("disk"), "the client is told why: \(refusal.text)")

                // The responses end at the vendor while nothing can be written down, and the bridge notices.
                try await eventually(within: .seconds(60), "the responses end") {
                    for response in responses {
                        let status = try await surroundings.client.get(surroundings.upstreamURL + "/responses/\(response)").json()["status"]
                        guard status == "completed" else { return false }
                    }
                    return true
                }
                try await eventually(within: .seconds(30), "the bridge says in its log what is wrong") {
                    process.logText.contains("the disk that holds the store is full") && process.logText.contains("kept in memory")
                }
                #expect(try surroundings.received.webhookIDs().isEmpty, "nothing is sent that is not on disk")
                try disk.makeRoom()
                try await eventually(within: .seconds(60), "every event reached the receiver and the inbox") {
                    let ids = try surroundings.received.webhookIDs()
                    let files = try bridge.inboxFiles().joined(separator: "\n")
                    return responses.allSatisfy { ids[$0]?.count == 1 && files.contains($0) }
                }
                try await bridge.waitUntilReady()
                let exit = await process.terminate()
                #expect(exit == RingbackProcess.Exit(status: 0, wasSignalled: false))
            }
        }
    }

    /// SQLite may still find room inside its files for a row or two: registers until it is refused.
    private func refusedRegistration(_ bridge: Bridge) async throws -> TestClient.Answer {
        for _ in 0..<500 {
            let response = try await bridge.surroundings.createResponse(["duration": "1s"])
            let body = "{\"response_id\": \"\(response)\", \"metadata\": {\"filler\": \"\(String(repeating: "x", count: 400))\"}}"
            let answer = try await bridge.surroundings.client.post(bridge.url + "/v1/watches", body)
            if answer.status != 201 { return answer }
        }
        throw BridgeError("500 registrations were accepted on a full disk")
    }
}
