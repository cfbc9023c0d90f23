/// The world, from the benchmark's side.
final class WorldHandle {
    private let child: Child
    let secret: String
    private let ports: WorldCommand.Ports

    init(program: String, secret: String) async throws {
        child = try Child("the world", program: program, arguments: ["world", "--secret", secret])
        self.secret = secret
        do {
            ports = try await child.read(WorldCommand.Ports.self)
        } catch {
            child.end(bySignal: true)
            throw error
        }
    }

    var id: Int32 { child.id }
    var baseURL: String { "http://127.0.0.1:\(ports.upstream)/v1" }
    var hook: String { url(ReceiverConnection.path) }

    /// A path of the receiver.
    func url(_ path: String) -> String { "http://127.0.0.1:\(ports.receiver)\(path)" }

    func end() {
        child.end(bySignal: false)
    }

    @discardableResult
    func tell(_ order: WorldOrder) async throws -> WorldReport {
        try await child.ask(order.line, for: WorldReport.self)
    }

    /// More responses.
    ///
    /// - Returns: Their numbers.
    func add(_ count: Int, isFinished: Bool = false) async throws -> Range<Int> {
        let next = try await tell(.add(count, isFinished: isFinished)).next
        return next - count..<next
    }
}
