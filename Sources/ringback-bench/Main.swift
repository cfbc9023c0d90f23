import ArgumentParser
import Dispatch
import Glibc

@main
struct Main {
    static func main() {
        // A child that ended early must show as a failed write, not end the benchmark in mid-sentence.
        signal(SIGPIPE, SIG_IGN)
        if CommandLine.arguments.dropFirst().first == PathCommand.name {
            return PathCommand.main(Array(CommandLine.arguments.dropFirst(2)))
        }
        // Ends the process itself.
        Task {
            await BenchCommand.main()
            exit(0)
        }
        dispatchMain()
    }
}
