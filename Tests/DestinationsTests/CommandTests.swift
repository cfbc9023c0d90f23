import Delivering
import Foundation
import Glibc
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Destinations

/// With real processes: `/bin/sh` stands for the operator's program.
@Suite("A command", .timeLimit(.minutes(5)))
struct CommandTests {
    @Test("gets the event as one JSON document on its input, like an inbox's file")
    func input() async throws {
        try await withTemporaryDirectory { directory in
            let job = try Jobs.job(body: Jobs.oddResponse, metadata: ["team": "search"])
            let file = directory.appending(path: "input").path
            let report = await attempt(["/bin/sh", "-c", "cat > \"$0\"", file], job)
            #expect(report.error == nil, "\(report.detail ?? "")")
            #expect(report.address == "/bin/sh")
            #expect(try Data(contentsOf: URL(filePath: file)) == Data(PayloadBuilder.inboxFile(job)))
        }
    }

    @Test("gets the facts in RINGBACK_ variables, what the endpoint names, and nothing else of Ringback's own environment")
    func environment() async throws {
        setenv("SECRET_OF_RINGBACK", "sk-private", 1)
        let job = try Jobs.job(
            body: Array(#"{"id":"resp_abc123","status":"completed","model":"gpt-5"}"#.utf8), metadata: ["team": "a\nb"])
        let target = CommandTarget(
            arguments: ["/usr/bin/env"], environment: [EnvironmentVariable(name: "API_TOKEN", value: Secret("given"))])
        let report = await attempt(target, job, number: 3)
        let lines = String(decoding: report.responseBody, as: UTF8.self).split(separator: "\n").map(String.init)
        let pairs = lines.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) }
        let variables = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
        #expect(variables["API_TOKEN"] == "given")
        let facts = variables.filter { $0.key.hasPrefix("RINGBACK_") }
        #expect(
            facts == [
                "RINGBACK_EVENT_ID": job.event.id.rawValue, "RINGBACK_EVENT_TYPE": "response.completed",
                "RINGBACK_RESPONSE_ID": "resp_abc123",
                "RINGBACK_STATUS": "completed", "RINGBACK_UPSTREAM": "default", "RINGBACK_MODEL": "gpt-5",
                "RINGBACK_WATCH_ID": try #require(job.event.watch?.rawValue), "RINGBACK_DELIVERY_ID": job.delivery.id.rawValue,
                "RINGBACK_ATTEMPT": "3", "RINGBACK_METADATA": #"{"team":"a\nb"}"#,
            ])
        let allowed = Set(CommandEnvironment.inherited + ["API_TOKEN"] + facts.keys)
        #expect(Set(variables.keys).subtracting(allowed).isEmpty)
    }

    @Test("gets hostile facts without control characters and cut to a bound, and whole on its input")
    func hostileFacts() throws {
        let id = "a\u{0}b\nc=" + String(repeating: "é", count: 2000)
        let metadata = ["big": String(repeating: "x", count: 20_000)]
        let variables = CommandEnvironment.variables(
            CommandTarget(arguments: ["x"]), try Jobs.job(response: id, metadata: metadata), number: 1, own: ["PATH": "/bin", "TOKEN": "t"])
        let fact = try #require(variables["RINGBACK_RESPONSE_ID"])
        #expect(fact.hasPrefix("a\u{FFFD}b\u{FFFD}c=éé"))
        #expect(fact.utf8.count <= CommandEnvironment.maximumFactBytes)
        #expect(variables["RINGBACK_METADATA"] == nil)
        #expect(variables["PATH"] == "/bin" && variables["TOKEN"] == nil)
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        let script: String
        let error: AttemptError?
        let detail: String?

        var testDescription: String { script }
    }

    @Test(
        "delivers, defers or fails by how it ends",
        arguments: [
            Ending(script: "exit 0", error: nil, detail: nil),
            Ending(script: "exit 75", error: .commandDeferred, detail: "exited with 75"),
            Ending(script: "exit 1", error: .commandFailed, detail: "exited with 1"),
            Ending(script: "exit 255", error: .commandFailed, detail: "exited with 255"),
            Ending(script: "kill -KILL $$", error: .commandKilled, detail: "signal 9"),
        ])
    func endings(ending: Ending) async throws {
        let report = await attempt(["/bin/sh", "-c", ending.script])
        #expect(report.error == ending.error)
        #expect(report.detail.map { $0.contains(ending.detail ?? "-") } ?? (ending.detail == nil), "\(report.detail ?? "")")
    }

    @Test("that cannot be started says why", arguments: ["/nonexistent/program", "no-program-of-this-name", "/etc/passwd", "/"])
    func notStarted(program: String) async throws {
        let report = await attempt([program])
        #expect(report.error == .commandNotStarted)
        #expect(report.detail?.hasPrefix("the command could not be started: ") == true, "\(report.detail ?? "")")
    }

    @Test("is read by no shell: an argument is what it is")
    func noShell() async throws {
        let argument = "$(touch /tmp/x); `id` > * ~ \"'\\ \n"
        let report = await attempt(["/usr/bin/printf", "%s", argument])
        #expect(String(decoding: report.responseBody, as: UTF8.self) == argument)
    }

    @Test("has its output kept, standard error too, up to 16 KiB; the rest is read, so that it never blocks")
    func output() async throws {
        let small = await attempt(["/bin/sh", "-c", "echo out; echo err >&2"])
        #expect(String(decoding: small.responseBody, as: UTF8.self) == "out\nerr\n")
        let large = await attempt(["/bin/sh", "-c", "head -c 5000000 /dev/zero; exit 3"])
        #expect(large.error == .commandFailed)
        #expect(large.responseBody.count == Attempt.keptBodyBytes)
    }

    @Test("need not read its input, however large that is", arguments: ["exit 0", "exec <&-; exit 0", "head -c 1 > /dev/null"])
    func unreadInput(script: String) async throws {
        let body = Array((#"{"id":"resp_abc123","x":""# + String(repeating: "x", count: 3_000_000) + #""}"#).utf8)
        #expect(await attempt(["/bin/sh", "-c", script], try Jobs.job(body: body)).error == nil)
    }

    @Test("has no descriptors but the three standard ones, and a process group of its own")
    func descriptors() async throws {
        // Two that an exec would pass on.
        let leaks = (0..<2).map { _ in dup(2) }
        defer { for leak in leaks { close(leak) } }
        // The fourth is the directory that ls itself reads.
        let listed = await attempt(["/bin/ls", "/proc/self/fd"])
        #expect(String(decoding: listed.responseBody, as: UTF8.self) == "0\n1\n2\n3\n")
        let grouped = await attempt(["/bin/sh", "-c", "cut -d' ' -f5 /proc/$$/stat; echo $$"])
        let numbers = String(decoding: grouped.responseBody, as: UTF8.self).split(separator: "\n")
        #expect(numbers.count == 2 && numbers[0] == numbers[1], "\(numbers)")
    }

    @Test("that does not end in time is ended with all it has started, and also when it does not listen")
    func timeout() async throws {
        try await withTemporaryDirectory { directory in
            for script in ["sleep 600 & echo $! > pids; wait", "trap '' TERM; sh -c 'trap \"\" TERM; sleep 600' & echo $! > pids; wait"] {
                let job = try Jobs.job()
                let command = CommandDestination(
                    CommandTarget(arguments: ["/bin/sh", "-c", "cd \"$0\"; " + script, directory.path]), timeout: .milliseconds(700),
                    time: SystemTime(), grace: .milliseconds(300))
                let report = await command.attempt(job, number: 1, startedAt: Jobs.createdAt)
                #expect(report.error == .timeout, "\(report.detail ?? "")")
                let pid = try #require(
                    Int32(try String(contentsOf: directory.appending(path: "pids"), encoding: .utf8).trimmingCharacters(in: .newlines)))
                try await gone(pid)
            }
        }
    }

    @Test("that closed its output and runs on is held to its timeout all the same")
    func silent() async throws {
        let command = CommandDestination(
            CommandTarget(arguments: ["/bin/sh", "-c", "exec >&- 2>&- <&-; exec sleep 600"]), timeout: .milliseconds(300),
            time: SystemTime(), grace: .milliseconds(100))
        #expect(await command.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt).error == .timeout)
    }

    @Test("that leaves something behind which holds its output open is done when it has ended itself", arguments: ["sleep 600", "yes"])
    func grandchild(program: String) async throws {
        try await withTemporaryDirectory { directory in
            let report = await attempt(["/bin/sh", "-c", "\(program) & echo $! > \"$0/pid\"; exit 0", directory.path])
            #expect(report.error == nil)
            let text = try String(contentsOf: directory.appending(path: "pid"), encoding: .utf8)
            kill(try #require(Int32(text.trimmingCharacters(in: .newlines))), SIGKILL)
        }
    }

    @Test("is ended with all it has started when its attempt is cancelled, which does not count")
    func cancellation() async throws {
        try await withTemporaryDirectory { directory in
            let pids = directory.appending(path: "pids")
            let task = Task { await attempt(["/bin/sh", "-c", "sleep 600 & echo $! > \"$0\"; wait", pids.path]) }
            while (try? String(contentsOf: pids, encoding: .utf8))?.hasSuffix("\n") != true { await Task.yield() }
            task.cancel()
            #expect(await task.value.error == .internalTrouble)
            let text = try String(contentsOf: pids, encoding: .utf8)
            try await gone(try #require(Int32(text.trimmingCharacters(in: .newlines))))
        }
    }

    @Test("runs many times at once")
    func manyAtOnce() async throws {
        let reports = await withTaskGroup(of: AttemptReport.self) { group in
            for number in 0..<32 { group.addTask { await attempt(["/bin/sh", "-c", "cat > /dev/null; echo \(number)"]) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.allSatisfy { $0.error == nil })
        let outputs = Set(reports.map { String(decoding: $0.responseBody, as: UTF8.self) })
        #expect(outputs == Set((0..<32).map { "\($0)\n" }))
    }

    /// Waits until a process that is no child of ours is gone, or only waits for whoever has inherited it to take note.
    private func gone(_ pid: Int32) async throws {
        while kill(pid, 0) == 0 {
            let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            guard let status, !status.contains(") Z ") else { return }
            await Task.yield()
        }
    }

    private func attempt(_ arguments: [String], _ job: DeliveryJob? = nil) async -> AttemptReport {
        await attempt(CommandTarget(arguments: arguments), job)
    }

    private func attempt(_ target: CommandTarget, _ job: DeliveryJob?, number: Int = 1) async -> AttemptReport {
        guard let job = try? job ?? Jobs.job() else { return AttemptReport(error: .internalTrouble, detail: "no job") }
        return await CommandDestination(target, timeout: .seconds(60), time: SystemTime(), grace: .seconds(1))
            .attempt(job, number: number, startedAt: Jobs.createdAt)
    }
}
