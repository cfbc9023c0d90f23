import RingbackCore
import Testing
import Transport

@testable import Curl

@Suite("The table of resolutions")
struct ResolutionTableTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    @Test("starts one look-up for all who wait, and remembers its answer for its lifetime")
    func remembers() {
        var table = ResolutionTable(lifetime: .seconds(10))
        #expect(table.ask("a", for: TransferID(1), at: start) == .lookUp)
        #expect(table.ask("a", for: TransferID(2), at: start) == .wait)
        #expect(table.ask("b", for: TransferID(3), at: start) == .lookUp)
        #expect(table.arrived("a", .to("127.0.0.2"), at: start) == [TransferID(1), TransferID(2)])
        #expect(table.ask("a", for: TransferID(4), at: start + .milliseconds(9_999)) == .known(.to("127.0.0.2")))
        #expect(table.ask("a", for: TransferID(5), at: start + .seconds(10)) == .lookUp)
    }

    @Test("remembers no failure")
    func forgetsFailures() {
        var table = ResolutionTable(lifetime: .seconds(10))
        for failure in [NameResolution.notFound, .failed("trouble")] {
            #expect(table.ask("a", for: TransferID(1), at: start) == .lookUp)
            #expect(table.arrived("a", failure, at: start) == [TransferID(1)])
        }
        #expect(table.ask("a", for: TransferID(2), at: start) == .lookUp)
    }

    @Test("remembers so many names and no more, the newest")
    func bound() {
        var table = ResolutionTable(lifetime: .seconds(10_000))
        for index in 0...ResolutionTable.rememberedLimit {
            let now = start + .milliseconds(index)
            _ = table.ask("\(index)", for: TransferID(UInt64(index)), at: now)
            _ = table.arrived("\(index)", .to("127.0.0.2"), at: now)
        }
        #expect(table.ask("0", for: TransferID(1), at: start) == .lookUp)
        #expect(table.ask("1", for: TransferID(1), at: start) == .known(.to("127.0.0.2")))
    }
}
