import Foundation
import RawJSON
import RingbackCore
import Testing

extension CommandLineTests {
    @Test("can be followed through its log from the registration of one response to its last delivery")
    func log() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend(logLevel: "debug") { process in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                let deliveries = [
                    try await bridge.delivery(of: response, to: "app", status: "delivered"),
                    try await bridge.delivery(of: response, to: "scripts", status: "delivered"),
                ]
                let watch = try #require(try await bridge.list("/v1/watches?response_id=\(response)").first?["id"]?.string)
                let event = try #require(deliveries.first?["event"]?["id"]?.string ?? deliveries.first?["event"]?.string)
                // A delivery is delivered for the API before its line is written.
                try await eventually(within: .seconds(30), "both arrivals are in the log") {
                    try Self.lines(of: process).filter { $0["message"]?.string == "A delivery has arrived." }.count == 2
                }
                let lines = try Self.lines(of: process)
                let ours = lines.filter { $0["response.id"]?.string == response }
                let beginning: Set = ["A watch is registered.", "A watch is followed from now on."]
                let end = [
                    "A delivery has arrived.", "A delivery has arrived.", "An event is on disk.",
                    "The end of a response was seen, or its watch given up.",
                ]
                // Several threads write: which of two that follow from the same thing comes first is open.
                #expect(ours.compactMap { $0["message"]?.string }.sorted() == (beginning + end).sorted())
                for line in ours {
                    #expect(line["watch.id"]?.string == watch, "\(line)")
                    #expect(line["upstream.name"]?.string == "default", "\(line)")
                    let isEarly = beginning.contains(line["message"]?.string ?? "")
                    #expect(line["event.id"]?.string == (isEarly ? nil : event), "\(line)")
                }
                #expect(Set(ours.compactMap { $0["delivery.id"]?.string }) == Set(deliveries.compactMap { $0["id"]?.string }))
                // What speaks of one of them by another of its names says whose it is.
                let names = [watch, event] + deliveries.compactMap { $0["id"]?.string }
                for line in lines where names.contains(where: { String(decoding: line.bytes, as: UTF8.self).contains($0) }) {
                    #expect(line["response.id"]?.string == response, "\(line)")
                }
            }
        }
    }

    private static func lines(of process: RingbackProcess) throws -> [JSON] {
        // What the service group tells of its services is longer than a line may be, and is cut.
        try process.logText.split(separator: "\n").filter { !$0.contains("\"sl-service") }.map { try JSON(parsing: Array($0.utf8)) }
    }
}
