import Foundation

/// How many instructions each hot path took when its file was written, by path.
struct InstructionLimits: Codable {
    /// How many times the written figure is too much. Swift's scheduling and the kernel's answers vary a little from run to run.
    static let tolerance = 1.15

    var instructions: [String: Int]

    init(instructions: [String: Int] = [:]) {
        self.instructions = instructions
    }

    init(file: String) throws(BenchError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw BenchError("\(file) cannot be read as limits: write it anew with `ringback-bench check --update`")
        }
    }

    func write(to file: String) throws(BenchError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: file))
        } catch {
            throw BenchError("\(file) cannot be written: \(error.localizedDescription)")
        }
    }
}
