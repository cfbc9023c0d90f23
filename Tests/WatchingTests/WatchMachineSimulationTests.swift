import RingbackCore
import Testing
import Watching

@Suite("A watch machine against upstreams drawn by chance")
struct WatchMachineSimulationTests {
    @Test("finds the end the upstream has, once, in time, and without a flood of requests", arguments: 0..<20)
    func simulation(_ block: Int) {
        for seed in UInt64(block * 15)..<UInt64(block * 15 + 15) {
            var world = SimulatedUpstream(seed: seed)
            let outcome = world.run()
            let story: Comment = "seed \(seed): \(outcome), \(world.character)"
            #expect(outcome.problems.isEmpty, story)
            #expect(outcome.endings.count == world.expectedEndings(after: outcome), story)
            #expect(outcome.requests < 200 + Int(outcome.duration.inSeconds), story)
        }
    }
}
