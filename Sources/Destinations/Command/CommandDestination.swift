package import Delivering
import Glibc
package import RingbackCore
package import Store

/// A program that is run for each event, with the event as JSON on its standard input; see ``CommandOutcome`` for what its end means.
package final class CommandDestination: Destination {
    /// Between the polite signal and the one that cannot be refused.
    static let grace: Duration = .seconds(5)

    private let target: CommandTarget
    private let timeout: Duration
    private let grace: Duration
    private let time: any TimeSource

    package init(_ target: CommandTarget, timeout: Duration, time: any TimeSource, grace: Duration = CommandDestination.grace) {
        self.target = target
        self.timeout = timeout
        self.grace = grace
        self.time = time
        _ = Self.ignoresBrokenPipes
    }

    package var needsResponse: Bool { true }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let start = time.now
        let run = CommandRun(
            arguments: target.arguments, environment: CommandEnvironment.variables(target, job, number: number),
            input: PayloadBuilder.inboxFile(job), deadline: start + timeout, grace: grace, time: time)
        let (outcome, output) = await run.result()
        return AttemptReport(
            error: outcome.error, detail: outcome.detail, responseBody: output, timing: AttemptTiming(total: time.now - start),
            address: target.arguments[0])
    }

    /// A program may end without having read its input. Writing to it is then to fail, not to end this process. Children have the signal's
    /// usual meaning back.
    private static let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
