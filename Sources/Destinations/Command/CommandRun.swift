import Glibc
import RingbackCore
import Subprocess
import SystemPackage

/// One run of a program: in a process group of its own, without a shell, with no descriptors but the three standard ones.
///
/// What happens, whoever is first:
///
/// | event | then |
/// |---|---|
/// | the program ends | its output is taken as far as it is there; that a grandchild holds the pipe open is no reason to wait |
/// | it does not read its input, or stops reading | the rest is dropped |
/// | it writes more than is kept | the rest is read and dropped, so that it never blocks |
/// | the deadline, or cancellation | SIGTERM to the whole group, after the grace SIGKILL, in any case to what is left of the group |
struct CommandRun: Sendable {
    /// How long output is still taken after the program has ended, should a grandchild write without a pause.
    private static let drainLimit: Duration = .seconds(1)

    let arguments: [String]
    let environment: [String: String]
    let input: [UInt8]
    let deadline: Moment
    let grace: Duration
    let time: any TimeSource

    private typealias Running = Execution<CustomWriteInput, SequenceOutput, CombinedErrorOutput>

    private enum Event: Sendable {
        case inputDone
        case output([UInt8])
        case ended(Cut)
        case drained
    }

    /// Why a program was ended before it did so itself.
    private enum Cut: Sendable {
        case none
        case deadline
        case cancellation
    }

    /// - Returns: How it ended, and the first ``Attempt/keptBodyBytes`` of standard output and standard error, as they came.
    func result() async -> (CommandOutcome, [UInt8]) {
        var options = PlatformOptions()
        // Its own group, numbered like itself.
        options.processGroupID = 0
        options.teardownSequence = teardown
        let program = arguments[0]
        let keyed = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        let configuration = Configuration(
            executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(Array(arguments.dropFirst())),
            environment: .custom(keyed), platformOptions: options)
        do {
            let ended = try await run(configuration, input: .inputWriter, output: .sequence, error: .combinedWithOutput) { running in
                await follow(running)
            }
            return (outcome(ended.terminationStatus, ended.closureResult.cut), ended.closureResult.output)
        } catch let error as SubprocessError {
            return (Self.outcome(error), [])
        } catch {
            return (.ownTrouble("Ringback is shutting down"), [])
        }
    }

    private var teardown: [TeardownStep] {
        [.send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)]
    }

    private func follow(_ running: Running) async -> (cut: Cut, output: [UInt8]) {
        await withTaskGroup(of: Event.self) { group in
            group.addTask { await write(to: running) }
            group.addTask { await read(from: running) }
            group.addTask { .ended(await supervise(running)) }
            var cut: Cut?
            var output: [UInt8]?
            while cut == nil || output == nil, let event = await group.next() {
                switch event {
                case .inputDone: continue
                case .output(let bytes): output = bytes
                case .ended(let why):
                    cut = why
                    group.addTask { await drainTime() }
                case .drained: group.cancelAll()
                }
            }
            group.cancelAll()
            return (cut ?? .none, output ?? [])
        }
    }

    /// Returns when the program has ended, and sees to it that it does.
    private func supervise(_ running: Running) async -> Cut {
        // Signal 0 does nothing: the first step only waits for the program's end, until the deadline. A cancelled task goes through these
        // steps too, while the package's own teardown, which begins at once, ends the program.
        let patience = max(.zero, deadline - time.now)
        let wait = TeardownStep.send(signal: Signal(rawValue: 0), allowedDurationToNextStep: patience)
        await running.teardown(using: [wait] + teardown)
        let cut: Cut = Task.isCancelled ? .cancellation : time.now >= deadline ? .deadline : .none
        if cut != .none {
            // The program may have ended while others of its group live on. It is not reaped yet, so the group's number is still its own.
            // Silence is right: ESRCH only says that nobody is left.
            try? running.send(signal: .kill, toProcessGroup: true)
        }
        return cut
    }

    private func drainTime() async -> Event {
        // A sleep that was cancelled has nobody left to tell.
        try? await time.sleep(until: time.now + Self.drainLimit)
        return .drained
    }

    private func write(to running: Running) async -> Event {
        // A program that does not want its input, or not all of it, is none the worse for it: its exit code is what counts.
        _ = try? await running.standardInputWriter.write(input)
        try? await running.standardInputWriter.finish()
        return .inputDone
    }

    private func read(from running: Running) async -> Event {
        var kept: [UInt8] = []
        do {
            for try await piece in running.standardOutput {
                let room = Attempt.keptBodyBytes - kept.count
                if room > 0 { kept += unsafe piece.withUnsafeBytes { unsafe Array($0.prefix(room)) } }
                if Task.isCancelled { break }
            }
        } catch {
            // What was read so far is worth keeping; why there is no more is no fault of the program.
        }
        return .output(kept)
    }

    private func outcome(_ status: TerminationStatus, _ cut: Cut) -> CommandOutcome {
        switch (cut, status) {
        case (.deadline, _): .timedOut
        // It was done, whatever was said to it meanwhile.
        case (.none, .exited(0)), (.cancellation, .exited(0)): .exited(0)
        case (.cancellation, _): .ownTrouble("Ringback is shutting down")
        case (.none, .exited(let code)): .exited(code)
        case (.none, .signaled(let signal)): .killed(signal: signal)
        }
    }

    private static func outcome(_ error: SubprocessError) -> CommandOutcome {
        switch error.underlyingError?.rawValue {
        case EAGAIN, ENOMEM, EMFILE, ENFILE: .ownTrouble("no process could be started for the command: \(error)")
        default: .notStarted("\(error)")
        }
    }
}
