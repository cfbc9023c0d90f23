/// What the benchmark tells the world: one line each.
enum WorldOrder: Sendable {
    /// Forget all responses and counts.
    case reset
    /// So many more responses, running or finished.
    case add(Int, isFinished: Bool)
    /// Each running response sends a delta in every interval of so many milliseconds; 0 means silence.
    case chatter(milliseconds: Int)
    /// The same, and each delta says when it was sent.
    case stampedChatter(milliseconds: Int)
    /// All running responses end, spread evenly over so many milliseconds.
    case end(milliseconds: Int)
    /// The receiver turns callbacks away for good, or takes them again.
    case refuse(Bool)
    /// Measure ``WorldReport/secondsToLast`` from now.
    case mark
    /// Say the counts.
    case progress
    /// Say the counts and the latencies.
    case report

    var line: String {
        switch self {
        case .reset: "reset"
        case .add(let count, let isFinished): "add \(count) \(isFinished ? "finished" : "running")"
        case .chatter(let milliseconds): "chatter \(milliseconds)"
        case .stampedChatter(let milliseconds): "stamped \(milliseconds)"
        case .end(let milliseconds): "end \(milliseconds)"
        case .refuse(let isRefusing): "refuse \(isRefusing ? 1 : 0)"
        case .mark: "mark"
        case .progress: "progress"
        case .report: "report"
        }
    }

    init(line: String) throws(BenchError) {
        let words = line.split(separator: " ").map(String.init)
        let number = words.dropFirst().first.flatMap { Int($0) } ?? 0
        switch words.first {
        case "reset": self = .reset
        case "add": self = .add(number, isFinished: words.last == "finished")
        case "chatter": self = .chatter(milliseconds: number)
        case "stamped": self = .stampedChatter(milliseconds: number)
        case "end": self = .end(milliseconds: number)
        case "refuse": self = .refuse(number == 1)
        case "mark": self = .mark
        case "progress": self = .progress
        case "report": self = .report
        default: throw BenchError("the world does not know the order '\(line)'")
        }
    }
}
