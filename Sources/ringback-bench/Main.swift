import ArgumentParser
import Glibc

@main
struct Main {
    static func main() async {
        // A child that ended early must show as a failed write, not end the benchmark in mid-sentence.
        signal(SIGPIPE, SIG_IGN)
        await BenchCommand.main()
    }
}
