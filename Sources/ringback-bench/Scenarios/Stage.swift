import Curl
import Foundation
import Transport

/// What every scenario needs: the world, the two programs, a directory, and someone to report to.
final class Stage {
    enum Kind: CaseIterable {
        case bare
        case ringback

        var name: String {
            switch self {
            case .bare: "bare bridge"
            case .ringback: "ringback"
            }
        }
    }

    static let openLimit: Duration = .seconds(120)
    static let callbackLimit: Duration = .seconds(120)
    /// The same, for so many callbacks that they take a while.
    static let secondsPerThousand = 5.0

    let world: WorldHandle
    let sizes: Sizes
    private(set) var otherLoad = 0.0
    private(set) var worldLateness = 0.0
    private let program: String
    private let ringback: String
    private let scratch: String
    private let transport: CurlTransport
    private var directories = 0

    init(program: String, ringback: String, scratch: String, sizes: Sizes, world: WorldHandle, transport: CurlTransport) {
        self.program = program
        self.ringback = ringback
        self.scratch = scratch
        self.sizes = sizes
        self.world = world
        self.transport = transport
    }

    /// Lends a fresh contender to `body`, on an empty world, and ends it afterwards, come what may.
    func with<Result>(_ kind: Kind, _ body: (any Contender) async throws -> Result) async throws -> Result {
        switch kind {
        case .bare: try await withBare(body)
        case .ringback: try await withRingback(inFlight: Contenders.usualInFlight, body)
        }
    }

    func withBare<Result>(_ body: (BareHandle) async throws -> Result) async throws -> Result {
        try await run(BareHandle(program: program, scratch: freshDirectory(), world: world), body)
    }

    /// - Parameter neighbours: Paths of the receiver for further endpoints, which get every event too.
    func withRingback<Result>(inFlight: Int, neighbours: [String] = [], _ body: (BridgeHandle) async throws -> Result) async throws
        -> Result
    {
        let directory = try freshDirectory()
        return try await run(
            BridgeHandle(
                program: ringback, scratch: directory, world: world, inFlight: inFlight, neighbours: neighbours, transport: transport), body
        )
    }

    /// What reads streams as a client does.
    var reader: any Transport { transport }

    /// Lends the client alone to `body`, on an empty world.
    func withReader<Result>(_ body: (any Transport) async throws -> Result) async throws -> Result {
        try await world.tell(.reset)
        return try await body(transport)
    }

    private func run<Handle: Contender, Result>(_ contender: Handle, _ body: (Handle) async throws -> Result) async throws -> Result {
        defer { contender.end() }
        try await world.tell(.reset)
        let load = try OtherLoad(besides: [contender.id, world.id])
        let result = try await body(contender)
        otherLoad = max(otherLoad, try load.share())
        return result
    }

    private func freshDirectory() throws -> String {
        directories += 1
        let path = "\(scratch)/\(directories)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Adds so many running responses, has them followed, and returns when all their streams are open.
    func open(_ count: Int, on contender: any Contender) async throws {
        let before = try await world.tell(.progress).streams
        try await contender.follow(try await world.add(count))
        try await waitUntil("\(count) streams to open", within: Self.openLimit) { [world] in
            try await world.tell(.progress).streams >= before + count
        }
        try await settle()
    }

    func settle() async throws {
        try await Task.sleep(for: .seconds(sizes.settlingSeconds))
    }

    /// Returns the world's report when so many responses were called back about, or when it has become clear that they never will be.
    func callbacks(_ count: Int) async throws -> WorldReport {
        let deadline = ContinuousClock.now + max(Self.callbackLimit, .seconds(Self.secondsPerThousand * Double(count) / 1000))
        while try await world.tell(.progress).received < count, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(25))
        }
        // Duplicates would come late.
        try await settle()
        let report = try await world.tell(.report)
        worldLateness = max(worldLateness, report.lateness?.p99 ?? 0)
        guard report.refused == 0 else {
            throw BenchError("the receiver refused \(report.refused) callbacks as malformed or wrongly signed: such a run measures nothing")
        }
        return report
    }
}
