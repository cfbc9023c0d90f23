/// The bare bridge, from the benchmark's side.
final class BareHandle: Contender {
    private let child: Child

    init(program: String, scratch: String, world: WorldHandle) async throws {
        child = try Child(
            "the bare bridge", program: program,
            arguments: [
                "bare", "--upstream", world.baseURL, "--hook", world.hook, "--secret", world.secret, "--journal", scratch + "/journal",
                "--in-flight", "\(Contenders.usualInFlight)",
            ]
        )
        do {
            _ = try await child.read(BareCommand.Answer.self)
        } catch {
            end()
            throw error
        }
    }

    var id: Int32 { child.id }

    func follow(_ numbers: Range<Int>) async throws {
        _ = try await child.ask(BareOrder.follow(numbers).line, for: BareCommand.Answer.self)
    }

    func post(_ numbers: Range<Int>, inFlight: Int) async throws {
        _ = try await child.ask(BareOrder.post(numbers, inFlight: inFlight).line, for: BareCommand.Answer.self)
    }

    func end() {
        child.end(bySignal: false)
    }
}
