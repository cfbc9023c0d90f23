import Glibc

/// A program that runs beside the test, in a directory of its own. By plain system calls on plain threads: nothing here waits for the
/// cooperative pool, and nothing in the pool waits for a program.
package struct ChildProgram: Sendable {
    private let process: pid_t
    private let output: Int32
    private let input: Int32

    /// Where `name` is installed; `nil` when it is not.
    package static func path(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin"
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]).map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    package init(_ path: String, _ arguments: [String], in directory: String) throws {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw SystemFailure(call: "pipe", number: errno) }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)

        // The shell changes the directory, which `posix_spawn` itself cannot portably do.
        let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", directory, path] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/bin/sh", &actions, nil, &pointers, environ)
        close(toChild[0])
        close(fromChild[1])
        guard code == 0 else { throw SystemFailure(call: "posix_spawn", number: code) }
        self.process = process
        input = toChild[1]
        output = fromChild[0]
    }

    /// Waits for a line of output with `word`; everything after it is read and forgotten.
    package func line(with word: String) async -> String? {
        await onThread {
            var text = ""
            while let more = read() {
                text += more
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                if let line = lines.first(where: { $0.contains(word) }) {
                    // Ends with the program.
                    spawn { while read() != nil {} }
                    return String(line)
                }
            }
            return nil
        }
    }

    /// Waits for the program's own end.
    ///
    /// - Returns: Its exit code; -1 after a signal.
    package func wait() async -> Int32 {
        await onThread {
            var status: Int32 = 0
            waitpid(process, &status, 0)
            close(input)
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
        }
    }

    package func terminate() async {
        // A child inherits the mask of the thread that started it, and those of the pool block SIGTERM.
        kill(process, SIGKILL)
        _ = await wait()
    }

    private func read() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(output, &buffer, buffer.count)
        guard count > 0 else {
            close(output)
            return nil
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
