import Foundation
import NIOConcurrencyHelpers
import NIOCore
import RingbackCore
import Transport

/// Streams read through the proxy, beside the same streams read from the vendor: what does the way through it cost?
enum RelayedStreams {
    private static let baseline = "read directly"
    private static let openLimit: Duration = .seconds(60)

    private struct Outcome {
        /// Milliseconds from the vendor's write to the client's read.
        let latency: Distribution
        /// Microseconds of the client, and of the proxy when there is one.
        let cpuPerEvent: Double
    }

    static func measure(_ stage: Stage, order: [Stage.Kind]) async throws -> [Figure] {
        var outcomes: [Stage.Kind: Outcome] = [:]
        for kind in order {
            switch kind {
            case .bare:
                Terminal.say("relayed streams: read directly")
                outcomes[kind] = try await stage.withReader { try await outcome(of: $0, from: stage.world.baseURL, proxy: nil, stage) }
            case .ringback:
                Terminal.say("relayed streams: ringback")
                outcomes[kind] = try await stage.withRingback(inFlight: Contenders.usualInFlight) { bridge in
                    try await outcome(of: stage.reader, from: bridge.baseURL, proxy: bridge.id, stage)
                }
            }
        }
        guard let relayed = outcomes[.ringback], let direct = outcomes[.bare] else { return [] }
        let what = "relayed stream, \(stage.sizes.relayed) with \(stage.sizes.relayedRate) events/s each"
        return [
            Figure(
                "\(what): from write to read, p50", .milliseconds, ringback: relayed.latency.p50, baseline: direct.latency.p50, of: baseline
            ),
            Figure(
                "\(what): from write to read, p99", .milliseconds, ringback: relayed.latency.p99, baseline: direct.latency.p99, of: baseline
            ),
            Figure("\(what): CPU per event", .microseconds, ringback: relayed.cpuPerEvent, baseline: direct.cpuPerEvent, of: baseline),
        ]
    }

    private static func outcome(
        of reader: any Transport, from baseURL: String, proxy: Int32?, _ stage: Stage
    ) async throws -> Outcome {
        let count = stage.sizes.relayed
        let log = ReadingLog()
        let numbers = try await stage.world.add(count)
        let transfers = numbers.map { number in
            let request = TransferRequest(
                method: .get, url: "\(baseURL)/responses/\(ResponseName.id(of: number))?stream=true", version: .http1,
                limits: TransferLimits(total: nil, bodyBytes: nil))
            return reader.start(request, handler: StampReader(log))
        }
        defer { for transfer in transfers { reader.cancel(transfer) } }
        try await waitUntil("\(count) streams to open", within: openLimit) { [world = stage.world] in
            try await world.tell(.progress).streams >= count
        }
        try await stage.world.tell(.stampedChatter(milliseconds: 1000 / stage.sizes.relayedRate))
        try await stage.settle()
        _ = log.take()
        let before = try cpu(proxy)
        try await Task.sleep(for: .seconds(stage.sizes.steadySeconds))
        let used = try cpu(proxy) - before
        let latencies = log.take()
        try await stage.world.tell(.chatter(milliseconds: 0))
        guard log.brokenOff == 0 else { throw BenchError("\(log.brokenOff) streams broke off: see the log of the bridge with --keep") }
        guard let latency = Distribution(latencies) else { throw BenchError("no event was read: see the log of the bridge with --keep") }
        return Outcome(latency: latency, cpuPerEvent: used / Double(latencies.count) * 1_000_000)
    }

    private static func cpu(_ proxy: Int32?) throws -> Double {
        try ProcessReading.cpuSeconds(of: getpid()) + (try proxy.map { try ProcessReading.cpuSeconds(of: $0) } ?? 0)
    }
}

/// How long each event was on its way.
private final class ReadingLog: Sendable {
    private let state = NIOLockedValueBox<(latencies: [Double], brokenOff: Int)>(([], 0))

    func read(sentAt: UInt64) {
        let latency = (Double(NIODeadline.now().uptimeNanoseconds) - Double(sentAt)) / 1_000_000
        state.withLockedValue { $0.latencies.append(latency) }
    }

    func ended(_ error: TransportError?) {
        if error != .cancelled { state.withLockedValue { $0.brokenOff += 1 } }
    }

    var brokenOff: Int { state.withLockedValue(\.brokenOff) }

    /// What was read since the last call, in milliseconds.
    func take() -> [Double] {
        state.withLockedValue { state in
            defer { state.latencies = [] }
            return state.latencies
        }
    }
}

/// Finds the stamps in a stream, cut anywhere, and nothing else.
private final class StampReader: TransferHandler {
    private static let mark = Array("\"sent_at\":".utf8)

    private let log: ReadingLog
    private var matched = 0
    private var number: UInt64?

    init(_ log: ReadingLog) {
        self.log = log
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        head.status == 200 ? .proceed : .finish
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        for index in bytes.indices { read(bytes[index]) }
        return .proceed
    }

    private func read(_ byte: UInt8) {
        if let number {
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                self.number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            } else {
                log.read(sentAt: number)
                self.number = nil
            }
        } else if byte == Self.mark[matched] {
            matched += 1
            guard matched == Self.mark.count else { return }
            matched = 0
            number = 0
        } else {
            matched = byte == Self.mark[0] ? 1 : 0
        }
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        log.ended(error)
    }
}
