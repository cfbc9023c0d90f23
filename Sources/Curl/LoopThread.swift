import CLinux
import Glibc

/// Starts threads of their own, outside Swift's cooperative pool.
enum LoopThread {
    private final class Launch {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new detached thread.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(CurlTransportError) {
        let launch = Unmanaged.passRetained(Launch(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, loopThreadMain, launch.toOpaque())
        guard code == 0 else {
            launch.release()
            throw .system(call: "pthread_create", errorNumber: code)
        }
        // Nobody joins: whoever waits for the thread's end is told by a continuation, which blocks no thread of the pool.
        pthread_detach(thread)
    }

    fileprivate static func run(_ argument: UnsafeMutableRawPointer) {
        let launch = Unmanaged<Launch>.fromOpaque(argument).takeRetainedValue()
        blockSignals()
        clinux_name_current_thread(launch.name)
        launch.body()
    }

    /// Leaves the process's signals to the threads that wait for them.
    ///
    /// Also SIGPIPE: with CURLOPT_NOSIGNAL libcurl no longer ignores it during writes to a TLS connection that is gone. Signals that a
    /// fault raises stay open, or a crash would leave no trace. Threads of libcurl's resolver inherit the mask.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&signals, fault) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}

private func loopThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { LoopThread.run(argument) }
    return nil
}
