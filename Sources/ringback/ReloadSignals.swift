import RingbackService
import ServiceLifecycle
import UnixSignals

/// Has the node read its configuration again on SIGHUP, which by default would end the process.
struct ReloadSignals: Service {
    let node: Node

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals { await node.reload() }
        }
    }
}
