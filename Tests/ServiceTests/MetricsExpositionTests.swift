import Foundation
import RingbackCore
import Testing

/// What Prometheus reads: the text format, line by line, as strictly as its own linter where that matters.
private struct Exposition {
    struct Family {
        var type: String
        var samples: [(labels: String, name: String, value: Double)] = []
    }

    private(set) var families: [String: Family] = [:]
    private(set) var problems: [String] = []

    init(_ text: String) {
        var current = ""
        var described: Set<String> = []
        if !text.hasSuffix("\n") { problems.append("the last line does not end") }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                if words.count < 4 { problems.append("no help: \(line)") }
                if !described.insert(words[2]).inserted { problems.append("described twice: \(words[2])") }
            } else if line.hasPrefix("# TYPE ") {
                current = words[2]
                if !described.contains(current) { problems.append("type before help: \(current)") }
                if families.updateValue(Family(type: words[3]), forKey: current) != nil { problems.append("twice: \(current)") }
                if (words[3] == "counter") != current.hasSuffix("_total") { problems.append("the name of \(current)") }
            } else if let sample = line.wholeMatch(of: #/([a-z_]+)(\{(?:[a-z_]+="[^"\n]*",?)+\})? (\S+)/#) {
                guard let value = Double(String(sample.3).replacing("Inf", with: "infinity")) else {
                    problems.append("no number: \(line)")
                    continue
                }
                let name = String(sample.1)
                let suffixes = families[current]?.type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                if !suffixes.contains(where: { name == current + $0 }) { problems.append("\(name) under \(current)") }
                families[current]?.samples.append((String(sample.2 ?? ""), name, value))
            } else {
                problems.append("no line of the format: \(line)")
            }
        }
    }

    func value(_ name: String, _ labels: String = "") -> Double? {
        families.values.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }
}

extension CommandLineTests {
    @Test("serves figures that Prometheus can read, and that are true")
    func metrics() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                _ = try await bridge.delivery(of: response, to: "app", status: "delivered")
                _ = try await bridge.delivery(of: response, to: "scripts", status: "delivered")
                let text = try await bridge.get("/metrics").text
                let exposition = Exposition(text)
                #expect(exposition.problems.isEmpty, "\(exposition.problems)")
                #expect(exposition.value("ringback_watches_claimed_total") == 1)
                #expect(exposition.value("ringback_watch_endings_total", #"{status="completed"}"#) == 1)
                #expect(exposition.value("ringback_delivery_outcomes_total", #"{outcome="delivered"}"#) == 2)
                #expect(exposition.value("ringback_upstream_stream_requests_total", #"{upstream="default"}"#) == 1)
                let waits = try #require(exposition.value("ringback_upstream_request_wait_seconds_count", #"{upstream="default"}"#))
                #expect(waits >= 1)
                #expect(
                    exposition.value("ringback_upstream_request_wait_seconds_bucket", #"{upstream="default",le="+Inf"}"#) == waits)
                for kind in ["webhook", "inbox"] {
                    #expect(exposition.value("ringback_terminal_to_callback_seconds_count", "{kind=\"\(kind)\"}") == 1)
                }
                let commits = try #require(exposition.value("ringback_store_commits_total"))
                #expect(exposition.value("ringback_store_commit_seconds_count") == commits)
                #expect(exposition.value("ringback_store_commit_changes_sum") == exposition.value("ringback_store_changes_total"))
                #expect(exposition.value("ringback_upstream_stream_reconnects_total", #"{upstream="default"}"#) == 0)
                #expect(exposition.value("ringback_watches", #"{following="stream",status="in_progress"}"#) == 0)
                for loop in ["upstreams", "deliveries"] {
                    let delays = try #require(exposition.value("ringback_loop_delay_seconds_count", "{loop=\"\(loop)\"}"))
                    #expect(delays > 0)
                }
                for engine in ["watching", "delivering"] {
                    #expect(exposition.value("ringback_engine_delay_seconds_count", "{engine=\"\(engine)\"}") != nil)
                }
                #expect(exposition.value("process_resident_memory_bytes").map { $0 > 1_000_000 } == true)
                #expect(exposition.value("process_cpu_seconds_total").map { $0 > 0 } == true)
                #expect(try #require(exposition.value("process_open_fds")) < (try #require(exposition.value("process_max_fds"))))
                #expect(exposition.value("process_start_time_seconds").map { $0 > 1_700_000_000 } == true)
                #expect(!text.contains(response) && !text.contains("127.0.0.1"), "ids and addresses are no labels")
                for name in try Self.namesInConfiguration() {
                    #expect(exposition.families.keys.contains { name == $0 || name == $0 + "_bucket" }, "\(name) is no figure of ours")
                }
            }
        }
    }

    /// The figures that the alert rules and Grafana's dashboard ask for.
    private static func namesInConfiguration() throws -> Set<String> {
        let texts = try ["config/prometheus/alerts.yaml", "config/grafana/ringback.json"].map {
            try String(contentsOf: repository.appending(path: $0), encoding: .utf8)
        }
        let names = Set(texts.flatMap { $0.matches(of: #/\bringback_[a-z_]+/#).map { String($0.output) } })
        try #require(names.count > 15)
        return names
    }
}
