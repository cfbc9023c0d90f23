import Foundation

/// The outcome of a run: a table for people, JSON for programs.
struct BenchReport: Sendable {
    var machine: MachineFacts
    var sizes: Sizes
    var rounds: Int
    var figures: [Figure]
    /// The largest share of the machine's CPU that went to strangers in any measurement, from 0 to 1.
    var otherLoad: Double
    /// The largest p99 of how late the world itself wrote terminal events, in milliseconds.
    var worldLateness: Double

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
    }

    func text() -> String {
        let header = ["figure", "ringback", "baseline", "ratio", "the baseline is"]
        let rows = figures.map { figure in
            [
                figure.unit == .count ? figure.name : "\(figure.name), \(figure.unit.rawValue)",
                Self.number(figure.ringback), Self.number(figure.baseline), figure.ratio.map(Self.ratio) ?? "-", figure.baselineName,
            ]
        }
        return (Self.aligned([header] + rows) + ["", notes]).joined(separator: "\n")
    }

    private var notes: String {
        let disk = machine.appendsPerSecond.map { "\(Self.number($0)) durable appends of 4 KiB a second" } ?? "unknown"
        return """
            rounds: \(rounds); machine: \(machine.processors) x \(machine.processor); disk: \(disk)
            Other processes took up to \(Int((otherLoad * 100).rounded())) % of the machine's CPU time. The fake vendor wrote terminal events \
            \(Self.number(worldLateness)) ms late (p99), which is not part of any latency.
            """
    }

    private static func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.indices ?? 0..<0
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            columns.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                // Names on the left, numbers on the right.
                return column == 0 || column == row.count - 1 ? row[column] + blanks : blanks + row[column]
            }.joined(separator: "  ")
        }
    }

    /// Three digits that count, and no more.
    static func number(_ value: Double) -> String {
        switch abs(value) {
        case ..<0.05 where value != 0: String(format: "%.3f", value)
        case ..<10 where value != value.rounded(): String(format: "%.2f", value)
        case ..<100 where value != value.rounded(): String(format: "%.1f", value)
        default: String(format: "%.0f", value)
        }
    }

    private static func ratio(_ value: Double) -> String {
        String(format: "%.2f", value)
    }

    private struct Document: Encodable {
        struct Row: Encodable {
            let name: String
            let unit: String
            let ringback: Double
            let baseline: Double
            let baselineName: String
            let ratio: Double?
        }

        let machine: MachineFacts
        let sizes: Sizes
        let rounds: Int
        let figures: [Row]
        let otherLoad: Double
        let worldLatenessMsP99: Double

        init(_ report: BenchReport) {
            machine = report.machine
            sizes = report.sizes
            rounds = report.rounds
            figures = report.figures.map {
                Row(
                    name: $0.name, unit: $0.unit.rawValue, ringback: $0.ringback, baseline: $0.baseline, baselineName: $0.baselineName,
                    ratio: $0.ratio)
            }
            otherLoad = report.otherLoad
            worldLatenessMsP99 = report.worldLateness
        }
    }
}
