import ArgumentParser
import Dispatch
import NIOConcurrencyHelpers

/// One hot path, so many times: what ``InstructionCounter`` runs.
///
/// The main thread waits for the work to be done. In an asynchronous program it would end and leave the process to the others, at which
/// Debian's valgrind falls over.
struct PathCommand: ParsableCommand {
    static let name = "path"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Does one hot path so many times, for an instruction counter.", shouldDisplay: false)

    @Argument(help: "Which one.")
    var path: HotPath

    @Option(help: "How many times.")
    var count: Int

    @Option(help: "A directory for a store.")
    var scratch: String

    @Option(help: "The URL of a receiver that takes everything.")
    var hook: String

    func run() throws {
        let done = DispatchSemaphore(value: 0)
        let failure = NIOLockedValueBox<(any Error)?>(nil)
        let (path, count, scratch, hook) = (path, count, scratch, hook)
        let work: @Sendable () async -> Void = {
            do { try await path.run(count, scratch: scratch, hook: hook) } catch { failure.withLockedValue { $0 = error } }
            done.signal()
        }
        // Waited for below.
        Task(operation: work)
        done.wait()
        if let error = failure.withLockedValue({ $0 }) { throw error }
    }
}
