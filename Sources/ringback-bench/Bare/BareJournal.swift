import Glibc
import NIOConcurrencyHelpers

/// Writes what ended to a file, many at once, and hands it on for its callbacks when the disk has it.
final class BareJournal: Sendable {
    private let file: Int32
    private let poster: BarePoster
    private let pending = NIOLockedValueBox<[Int]>([])
    private let bells: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init(path: String, poster: BarePoster) throws(BenchError) {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard file >= 0 else { throw BenchError("the journal \(path) cannot be opened: choose another --scratch directory") }
        self.poster = poster
        (bells, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        close(file)
    }

    func ended(_ number: Int) {
        pending.withLockedValue { $0.append(number) }
        bell.yield()
    }

    /// Lets ``run()`` return.
    func finish() {
        bell.finish()
    }

    func run() async throws(BenchError) {
        for await _ in bells {
            let numbers = pending.withLockedValue { pending in
                let taken = pending
                pending.removeAll(keepingCapacity: true)
                return taken
            }
            guard !numbers.isEmpty else { continue }
            try write(numbers)
            poster.post(numbers)
        }
    }

    private func write(_ numbers: [Int]) throws(BenchError) {
        let text = Array(numbers.map { ResponseName.id(of: $0) + "\n" }.joined().utf8)
        guard Glibc.write(file, text, text.count) == text.count, fdatasync(file) == 0 else {
            throw BenchError("the journal cannot be written: is the disk of the --scratch directory full?")
        }
    }
}
