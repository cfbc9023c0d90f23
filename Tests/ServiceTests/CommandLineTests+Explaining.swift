import Foundation
import RawJSON
import RingbackCore
import Testing

/// `explain`, and what it explains: the guard at the real binary's doors.
extension CommandLineTests {
    @Test("explain tells allowed from refused URLs, each with the rule, by its exit code and in words")
    func explain() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let allowed = try await bridge.run("explain", "http://127.0.0.1:9/hook?key=LEAK")
                #expect(allowed.status == 0, "\(allowed.errors)")
                #expect(allowed.output.contains("allow_networks: 127.0.0.0/8"))
                #expect(!allowed.output.contains("LEAK"))
                #expect(try await bridge.run("explain", "https://93.184.216.34/").status == 0)

                let refused = try await bridge.run("explain", "http://10.1.2.3/", "--json")
                #expect(refused.status == 1)
                #expect(refused.errors.isEmpty)
                #expect(try refused.json()["allowed"] == .bool(false))
                #expect(try refused.json()["rule"] == "private")
                for url in [
                    "http://0177.0.0.1/", "http://[::1]/", "http://localhost/", "gopher://127.0.0.1/", "http://a@127.0.0.1/", "nonsense",
                ] {
                    let answer = try await bridge.run("explain", url)
                    #expect(answer.status == 1, "\(url)")
                    #expect(answer.output.contains("refused"), "\(url): \(answer.output)")
                }
            }
        }
    }

    @Test("a stranger's URL is refused at registration, in the words of explain")
    func strangers() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let words = try await bridge.run("explain", "http://169.254.169.254/", "--json").json()["reason"]?.string ?? "?"
                let endpoint = try await bridge.run("endpoints", "add", "inside", "--url", "http://169.254.169.254/")
                #expect(endpoint.status == 1)
                #expect(endpoint.errors.contains(words), "\(endpoint.errors)")
                let watch = try await bridge.run("watch", "resp_1", "--callback", "http://169.254.169.254/")
                #expect(watch.status == 1)
                #expect(watch.errors.contains(words), "\(watch.errors)")
            }
        }
    }
}
