import RingbackCore
import Testing
import Transport

@testable import Curl

@Suite("The admission of transfers")
struct AdmissionTests {
    @Test("begins transfers to one host in the order in which they came")
    func order() throws {
        var admission = Admission(maxActive: 10, maxWaiting: 10, maxOpeningPerHost: 1)
        let lane = try #require(admission.arrive(TransferID(1), host: "a").beginning)
        #expect(admission.arrive(TransferID(2), host: "a") == .wait(lane))
        #expect(admission.arrive(TransferID(3), host: "a") == .wait(lane))
        #expect(admission.next() == nil)
        admission.connected(lane)
        #expect(admission.next() == TransferID(2))
        #expect(admission.next() == nil)
        admission.ended(lane)
        #expect(admission.next() == TransferID(3))
        #expect(admission.active == 2)
        #expect(admission.waiting == 0)
    }

    @Test("does not let a late comer overtake who waits for the same host")
    func noOvertaking() throws {
        var admission = Admission(maxActive: 10, maxWaiting: 10, maxOpeningPerHost: 1)
        let lane = try #require(admission.arrive(TransferID(1), host: "a").beginning)
        _ = admission.arrive(TransferID(2), host: "a")
        admission.connected(lane)
        #expect(admission.arrive(TransferID(3), host: "a").beginning == nil)
        #expect(admission.next() == TransferID(2))
    }

    @Test("lets hosts take turns when places in libcurl are rare")
    func turns() throws {
        var admission = Admission(maxActive: 1, maxWaiting: 10, maxOpeningPerHost: 5)
        _ = try #require(admission.arrive(TransferID(1), host: "a").beginning)
        for number in 2...4 { _ = admission.arrive(TransferID(UInt64(number)), host: "a") }
        _ = admission.arrive(TransferID(5), host: "b")
        var began: [UInt64] = []
        admission.ended(nil)
        while let next = admission.next() {
            began.append(next.rawValue)
            admission.ended(nil)
        }
        #expect(began == [2, 5, 3, 4])
    }

    @Test("refuses only when the line is full")
    func bound() throws {
        var admission = Admission(maxActive: 1, maxWaiting: 1, maxOpeningPerHost: 5)
        _ = try #require(admission.arrive(TransferID(1), host: "a").beginning)
        guard case .wait(let lane) = admission.arrive(TransferID(2), host: "b") else {
            Issue.record("it did not wait")
            return
        }
        #expect(admission.arrive(TransferID(3), host: "c") == .refuse)
        admission.withdraw(TransferID(2), from: lane)
        admission.withdraw(TransferID(2), from: lane)
        #expect(admission.waiting == 0)
        guard case .wait = admission.arrive(TransferID(4), host: "c") else {
            Issue.record("it did not wait")
            return
        }
    }

    @Test("keeps its bounds and forgets nobody, whatever happens", arguments: 0..<50)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var admission = Admission(maxActive: 6, maxWaiting: 20, maxOpeningPerHost: 2)
        var waiting: [TransferID: (host: String, lane: Admission.Lane)] = [:]
        var opening: [TransferID: (host: String, lane: Admission.Lane)] = [:]
        var running: Set<TransferID> = []

        func check() {
            #expect(admission.active == opening.count + running.count, "seed \(seed)")
            #expect(admission.waiting == waiting.count, "seed \(seed)")
            #expect(admission.active <= 6)
            for count in Dictionary(grouping: opening.values, by: \.host).values.map(\.count) { #expect(count <= 2, "seed \(seed)") }
        }
        func begin() {
            while let next = admission.next() {
                guard let place = waiting.removeValue(forKey: next) else {
                    Issue.record("\(next) does not wait, seed \(seed)")
                    return
                }
                opening[next] = place
            }
        }

        for number in 1...UInt64(300) {
            let id = TransferID(number)
            switch UInt8.random(in: 0..<6, using: &generator) {
            case 0...2:
                let host = ["a", "b", "c", "d"].randomElement(using: &generator) ?? "a"
                switch admission.arrive(id, host: host) {
                case .begin(let lane): opening[id] = (host, lane)
                case .wait(let lane): waiting[id] = (host, lane)
                case .refuse: #expect(waiting.count == 20, "seed \(seed)")
                }
            case 3:
                guard let (id, place) = opening.min(by: { $0.key.rawValue < $1.key.rawValue }) else { continue }
                opening[id] = nil
                running.insert(id)
                admission.connected(place.lane)
            case 4:
                if let id = running.min(by: { $0.rawValue < $1.rawValue }) {
                    running.remove(id)
                    admission.ended(nil)
                } else if let (id, place) = opening.max(by: { $0.key.rawValue < $1.key.rawValue }) {
                    opening[id] = nil
                    admission.ended(place.lane)
                }
            default:
                guard let (id, place) = waiting.min(by: { $0.key.rawValue > $1.key.rawValue }) else { continue }
                waiting[id] = nil
                admission.withdraw(id, from: place.lane)
            }
            begin()
            check()
        }
        // Everybody who waits gets a turn once the others are gone.
        while !opening.isEmpty || !running.isEmpty {
            for _ in running { admission.ended(nil) }
            running = []
            for place in opening.values { admission.ended(place.lane) }
            opening = [:]
            begin()
        }
        #expect(waiting.isEmpty, "seed \(seed)")
    }
}

extension Admission.Decision {
    fileprivate var beginning: Admission.Lane? {
        switch self {
        case .begin(let lane): lane
        case .wait, .refuse: nil
        }
    }
}
