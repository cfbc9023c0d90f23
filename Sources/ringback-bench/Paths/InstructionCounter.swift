import Foundation

/// Runs hot paths under callgrind.
struct InstructionCounter {
    private let program: String
    private let scratch: String

    /// - Parameter scratch: A directory for the program's copy, and for stores.
    init(of program: String, scratch: String) throws(BenchError) {
        self.scratch = scratch
        self.program = "\(scratch)/program"
        // Debian's valgrind cannot read what the Swift compiler writes for debuggers, and gives up instead of going on without.
        try Self.run(["strip", "--strip-debug", "-o", self.program, program], package: "binutils")
    }

    /// - Returns: Instructions for one time, without those that are needed once.
    func count(_ path: HotPath, hook: String) throws(BenchError) -> Int {
        let (few, many) = path.counts
        return (try total(path, times: many, hook: hook) - total(path, times: few, hook: hook)) / (many - few)
    }

    private func total(_ path: HotPath, times: Int, hook: String) throws(BenchError) -> Int {
        let place = "\(scratch)/\(path.rawValue)-\(times)"
        let output = "\(place)/callgrind.out"
        do {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        } catch {
            throw BenchError("\(place) cannot be made: \(error.localizedDescription)")
        }
        try Self.run(
            [
                "valgrind", "--tool=callgrind", "--quiet", "--callgrind-out-file=\(output)", program, "path", path.rawValue,
                "--count", "\(times)", "--scratch", place, "--hook", hook,
            ], package: "valgrind")
        guard let text = try? String(contentsOfFile: output, encoding: .utf8),
            let total = text.split(separator: "\n").last(where: { $0.hasPrefix("totals:") })?.split(separator: " ").last,
            let count = Int(total)
        else { throw BenchError("callgrind wrote no total into \(output)") }
        return count
    }

    private static func run(_ command: [String], package: String) throws(BenchError) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        do { try process.run() } catch { throw BenchError("\(command[0]) cannot be started: \(error.localizedDescription)") }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError(
                "\(command[0]) ended with \(process.terminationStatus); what it wrote stands above. It is in the package \(package).")
        }
    }
}
