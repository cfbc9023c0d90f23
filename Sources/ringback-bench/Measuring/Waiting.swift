/// Asks again and again until `isDone`, and gives up when it takes too long.
///
/// - Parameter what: What is waited for, as in "no sign of `what`".
func waitUntil(
    _ what: String, within limit: Duration, every interval: Duration = .milliseconds(25), _ isDone: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !isDone() {
        guard ContinuousClock.now < deadline else {
            throw BenchError("waited \(limit) in vain for \(what): is the machine very busy? --quick measures with fewer responses")
        }
        try await Task.sleep(for: interval)
    }
}
