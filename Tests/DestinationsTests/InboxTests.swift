import Delivering
import Foundation
import Inbox
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Destinations

@Suite("An inbox")
struct InboxTests {
    private let time = ManualTime(wall: Jobs.createdAt)

    @Test("gets exactly one file for each hostile id, inside, with the id intact in it")
    func hostileIDs() async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let destination = try destination(inbox)
            let ids = HostileIDs.all
            #expect(ids.count >= 29)
            for (count, id) in ids.enumerated() {
                let report = await destination.attempt(try Jobs.job(response: id), number: 1, startedAt: Jobs.createdAt)
                #expect(report.error == nil, "\(id.debugDescription): \(report.detail ?? "")")
                let path = try #require(report.address)
                #expect(path.hasPrefix(inbox.path + "/new/"))
                let object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
                let found = try #require((object["data"] as? [String: Any])?["id"] as? String)
                #expect(Array(found.utf8) == Array(id.utf8))
                #expect(try files(inbox, "new").count == count + 1)
            }
            #expect(try files(inbox, "tmp").isEmpty)
            #expect(try files(inbox, "cur").isEmpty)
            #expect(try files(parent) == ["inbox"])
            #expect(try files(inbox) == ["cur", "new", "tmp"])
        }
    }

    @Test("makes its directories, with modes that keep strangers out")
    func modes() async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let destination = try destination(inbox)
            try await destination.prepare()
            #expect(destination.warnings.isEmpty)
            for name in ["", "tmp", "new", "cur"] { #expect(try mode(inbox.appending(path: name)) & 0o027 == 0) }
            let report = await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            #expect(try mode(URL(filePath: try #require(report.address))) & 0o137 == 0)
        }
    }

    @Test("content is the full payload; a text beside it is there before it")
    func outputText() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            let destination = try InboxDestination(
                InboxTarget(directory: inbox.path, outputText: true), timeout: .seconds(15), time: time, fileSystem: fileSystem)
            let job = try Jobs.job(body: Jobs.oddResponse)
            _ = await destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
            let stem = "20261123T061208Z.resp_abc123.completed"
            #expect(try files(inbox, "new") == [stem + ".json", stem + ".txt"])
            #expect(try Data(contentsOf: inbox.appending(path: "new/\(stem).json")) == Data(PayloadBuilder.inboxFile(job)))
            #expect(try String(contentsOf: inbox.appending(path: "new/\(stem).txt"), encoding: .utf8) == "Hello,\nworld 🚀!")
            #expect(fileSystem.log.filter { $0.hasPrefix("rename") } == ["rename \(stem).txt", "rename \(stem).json"])
        }
    }

    @Test("a second attempt finds the file that a reader has claimed, and writes another one only when it was acknowledged")
    func claimed() async throws {
        try await withTemporaryDirectory { inbox in
            let job = try Jobs.job()
            _ = await (try destination(inbox)).attempt(job, number: 1, startedAt: Jobs.createdAt)
            let reader = InboxReader(inbox.path)
            let path = try #require(try reader.claim(now: Jobs.createdAt, lease: .seconds(60)))
            let second = await (try destination(inbox)).attempt(job, number: 2, startedAt: Jobs.createdAt)
            #expect(second.error == nil)
            #expect(second.address == path)
            #expect(try files(inbox, "new").isEmpty)

            try reader.acknowledge(String(path.split(separator: "/").last ?? ""))
            _ = await (try destination(inbox)).attempt(job, number: 3, startedAt: Jobs.createdAt)
            #expect(try files(inbox, "new").count == 1)
        }
    }

    @Test("a second attempt at the same event writes no second file, also when a reader has claimed the first")
    func idempotence() async throws {
        try await withTemporaryDirectory { inbox in
            let job = try Jobs.job()
            let name = InboxFileName(job.event).json
            for folder in ["new", "new", "cur", "cur"] {
                if folder == "cur", try files(inbox, "cur").isEmpty {
                    try FileManager.default.moveItem(at: inbox.appending(path: "new/\(name)"), to: inbox.appending(path: "cur/\(name)"))
                }
                // A new destination each time, as after a restart.
                let report = await (try destination(inbox)).attempt(job, number: 2, startedAt: Jobs.createdAt)
                #expect(report.error == nil)
                #expect(report.address == "\(inbox.path)/\(folder)/\(name)")
                #expect(try files(inbox, "new") + files(inbox, "cur") == [name])
            }
        }
    }

    @Test("two upstreams' events with the same id, time and outcome get a file each, however often they are tried")
    func sameName() async throws {
        try await withTemporaryDirectory { inbox in
            let destination = try destination(inbox)
            for _ in 0..<2 {
                for upstream in ["first", "second"] {
                    let report = await destination.attempt(try Jobs.job(upstream: upstream), number: 1, startedAt: Jobs.createdAt)
                    let path = try #require(report.address)
                    #expect(try String(contentsOfFile: path, encoding: .utf8).contains(#""upstream":"\#(upstream)""#))
                }
            }
            #expect(try files(inbox, "new").count == 2)
        }
    }

    @Test("a missing parent is an error that says so; when the parent is there, the next attempt succeeds")
    func missingParent() async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "later/inbox")
            let destination = try destination(inbox)
            await #expect(throws: InboxError.self) { try await destination.prepare() }
            let failed = await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            #expect(failed.error == .directoryMissing)
            #expect(failed.detail?.contains(inbox.path) == true)
            try FileManager.default.createDirectory(at: parent.appending(path: "later"), withIntermediateDirectories: false)
            #expect(await destination.attempt(try Jobs.job(), number: 2, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(inbox, "new").count == 1)
        }
    }

    @Test(
        "a directory that vanishes while running is not made anew: what comes back may be another disk",
        arguments: ["", "/tmp", "/new", "/cur"])
    func vanished(part: String) async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let destination = try destination(inbox)
            try await destination.prepare()
            let gone = URL(filePath: inbox.path + part)
            try FileManager.default.moveItem(at: gone, to: parent.appending(path: "elsewhere"))
            let failed = await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            #expect(failed.error == .directoryMissing)
            #expect(!FileManager.default.fileExists(atPath: gone.path))
            try FileManager.default.moveItem(at: parent.appending(path: "elsewhere"), to: gone)
            #expect(await destination.attempt(try Jobs.job(), number: 2, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(inbox, "new").count == 1)
        }
    }

    @Test("may itself be a symbolic link")
    func symbolicLink() async throws {
        try await withTemporaryDirectory { parent in
            let real = parent.appending(path: "real")
            let link = parent.appending(path: "link")
            try FileManager.default.createDirectory(at: real, withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
            #expect(await (try destination(link)).attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(real, "new").count == 1)
        }
    }

    @Test("does not follow a symbolic link in place of one of its directories", arguments: ["tmp", "new", "cur"])
    func symbolicLinkInside(name: String) async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let elsewhere = parent.appending(path: "elsewhere")
            for directory in [inbox, elsewhere] {
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            }
            try FileManager.default.createSymbolicLink(at: inbox.appending(path: name), withDestinationURL: elsewhere)
            let report = await (try destination(inbox)).attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            #expect(report.error == .fileSystem)
            #expect(report.detail?.contains("symbolic link") == true)
            #expect(try files(elsewhere).isEmpty)
        }
    }

    @Test("does not follow a symbolic link in place of its file")
    func symbolicLinkAsFile() async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let destination = try destination(inbox)
            try await destination.prepare()
            let job = try Jobs.job()
            let victim = parent.appending(path: "victim")
            try Data(PayloadBuilder.beginning(job.event)).write(to: victim)
            let path = inbox.appending(path: "new/\(InboxFileName(job.event).json)")
            try FileManager.default.createSymbolicLink(at: path, withDestinationURL: victim)
            let report = await destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
            #expect(report.error == .fileSystem)
            #expect(try Data(contentsOf: victim) == Data(PayloadBuilder.beginning(job.event)))
        }
    }

    @Test("warns once when everybody may write to it", arguments: ["", "/new", "/cur", "/tmp"])
    func worldWritable(part: String) async throws {
        try await withTemporaryDirectory { inbox in
            try await (try destination(inbox)).prepare()
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: inbox.path + part)
            let destination = try destination(inbox)
            try await destination.prepare()
            try await destination.prepare()
            #expect(destination.warnings.count == 1)
            #expect(destination.warnings.first?.contains(inbox.path + part + " ") == true)
            #expect(await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt).error == nil)
        }
    }

    @Test("cleans what writers of long ago left in tmp, and nothing else")
    func stale() async throws {
        try await withTemporaryDirectory { inbox in
            try await (try destination(inbox)).prepare()
            let now = Date(timeIntervalSince1970: Double(Jobs.createdAt.milliseconds) / 1000)
            for (path, hours) in [("tmp/old", 37.0), ("tmp/young", 35.0), ("new/old.json", 99.0), ("cur/old.json", 99.0)] {
                let file = inbox.appending(path: path)
                try Data("x".utf8).write(to: file)
                try FileManager.default.setAttributes([.modificationDate: now - hours * 3600], ofItemAtPath: file.path)
            }
            try await (try destination(inbox)).prepare()
            #expect(try files(inbox, "tmp") == ["young"])
            #expect(try files(inbox, "new") == ["old.json"])
            #expect(try files(inbox, "cur") == ["old.json"])
        }
    }

    @Test("a disk that hangs ends the attempt at the timeout, and the late file is found by the next attempt")
    func hangingDisk() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            let destination = try destination(inbox, fileSystem)
            try await destination.prepare()
            fileSystem.stick()
            let job = try Jobs.job()
            async let attempt = destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
            await time.waitForSleeper()
            time.advance(by: .seconds(15))
            let report = await attempt
            #expect(report.error == .timeout)
            #expect(report.timing.total == .seconds(15))
            fileSystem.unstick()
            #expect(await destination.attempt(job, number: 2, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(inbox, "new").count == 1)
            #expect(fileSystem.log.filter { $0.hasPrefix("create") }.count == 1)
        }
    }

    @Test("a cancelled attempt ends at once and is not counted")
    func cancelled() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            let destination = try destination(inbox, fileSystem)
            try await destination.prepare()
            fileSystem.stick()
            let job = try Jobs.job()
            let report = await withTaskGroup(of: AttemptReport.self) { group in
                group.addTask { await destination.attempt(job, number: 1, startedAt: Jobs.createdAt) }
                await time.waitForSleeper()
                group.cancelAll()
                return await group.next()
            }
            #expect(report?.error == .internalTrouble)
            #expect(report?.error?.isOurOwn == true)
            fileSystem.unstick()
        }
    }

    @Test("takes many attempts at once", arguments: [50])
    func concurrency(count: Int) async throws {
        try await withTemporaryDirectory { inbox in
            let destination = try destination(inbox)
            let jobs = try (0..<count).map { try Jobs.job(response: "resp_\($0)") }
            await withTaskGroup(of: AttemptReport.self) { group in
                for job in jobs { group.addTask { await destination.attempt(job, number: 1, startedAt: Jobs.createdAt) } }
                for await report in group { #expect(report.error == nil) }
            }
            #expect(try files(inbox, "new").count == count)
        }
    }

    private func destination(_ inbox: URL, _ fileSystem: any InboxFileSystem = PosixFileSystem()) throws -> InboxDestination {
        try InboxDestination(InboxTarget(directory: inbox.path), timeout: .seconds(15), time: time, fileSystem: fileSystem)
    }

    private func mode(_ file: URL) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int)
    }
}

/// The names in a directory, sorted.
func files(_ directory: URL, _ name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: name).path).sorted()
}
