import DequeModule
import Transport

/// Which transfers may begin, and which wait for a place. Pure.
///
/// There are two kinds of places: those in libcurl at large, and those to be *opening* (resolving, connecting, shaking hands) to one host.
/// Transfers to one host begin in the order in which they came; hosts take turns, so that one that does not answer holds up only its own.
struct Admission {
    /// The waiting line of one host, as long as a transfer to it waits or opens.
    struct Lane: Hashable {
        fileprivate let index: Int
    }

    enum Decision: Hashable {
        case begin(Lane)
        case wait(Lane)
        /// So many wait already that this one may not.
        case refuse
    }

    private struct Line {
        let host: String
        var opening = 0
        var waiting: Deque<TransferID> = []
        /// Whether the line stands in ``turns``.
        var hasTurn = false
    }

    private let maxActive: Int
    private let maxWaiting: Int
    private let maxOpeningPerHost: Int

    private(set) var active = 0
    private(set) var waiting = 0
    private var lines: [Line?] = []
    private var freeLines: [Int] = []
    private var lineOfHost: [String: Int] = [:]
    /// Lines with somebody who could begin if libcurl has a place, in the order of their turns.
    private var turns: Deque<Int> = []

    init(maxActive: Int, maxWaiting: Int, maxOpeningPerHost: Int) {
        self.maxActive = maxActive
        self.maxWaiting = maxWaiting
        self.maxOpeningPerHost = maxOpeningPerHost
    }

    /// A transfer wants to begin.
    ///
    /// - Parameter transfer: Greater than every one before it.
    mutating func arrive(_ transfer: TransferID, host: String) -> Decision {
        let known = lineOfHost[host]
        let isNext = known.flatMap { lines[$0] }.map { $0.waiting.isEmpty && $0.opening < maxOpeningPerHost } ?? true
        if active < maxActive && isNext {
            let index = known ?? addLine(host)
            lines[index]?.opening += 1
            active += 1
            return .begin(Lane(index: index))
        }
        guard waiting < maxWaiting else { return .refuse }
        let index = known ?? addLine(host)
        lines[index]?.waiting.append(transfer)
        waiting += 1
        takeTurn(index)
        return .wait(Lane(index: index))
    }

    /// A transfer has its connection: its place among the opening ones is free. The lane is not valid for it any more.
    mutating func connected(_ lane: Lane) {
        lines[lane.index]?.opening -= 1
        takeTurn(lane.index)
        removeIfUnused(lane.index)
    }

    /// A transfer that had begun has ended.
    ///
    /// - Parameter lane: Where it was opening; `nil` when it had ``connected(_:)``.
    mutating func ended(_ lane: Lane?) {
        active -= 1
        if let lane { connected(lane) }
    }

    /// A transfer that waits gives up.
    mutating func withdraw(_ transfer: TransferID, from lane: Lane) {
        guard let place = lines[lane.index]?.waiting.sortedIndex(of: transfer) else { return }
        lines[lane.index]?.waiting.remove(at: place)
        waiting -= 1
        removeIfUnused(lane.index)
    }

    /// The next transfer that may begin now; it counts as begun, in the lane it waited in.
    mutating func next() -> TransferID? {
        while active < maxActive, let index = turns.popFirst() {
            lines[index]?.hasTurn = false
            if (lines[index]?.opening ?? 0) < maxOpeningPerHost, let transfer = lines[index]?.waiting.popFirst() {
                lines[index]?.opening += 1
                waiting -= 1
                active += 1
                takeTurn(index)
                return transfer
            }
            removeIfUnused(index)
        }
        return nil
    }

    private mutating func takeTurn(_ index: Int) {
        guard let line = lines[index], !line.hasTurn, !line.waiting.isEmpty, line.opening < maxOpeningPerHost else { return }
        lines[index]?.hasTurn = true
        turns.append(index)
    }

    private mutating func addLine(_ host: String) -> Int {
        let line = Line(host: host)
        let index: Int
        if let free = freeLines.popLast() {
            index = free
            lines[index] = line
        } else {
            index = lines.count
            lines.append(line)
        }
        lineOfHost[host] = index
        return index
    }

    private mutating func removeIfUnused(_ index: Int) {
        guard let line = lines[index], line.opening == 0, line.waiting.isEmpty, !line.hasTurn else { return }
        lineOfHost[line.host] = nil
        lines[index] = nil
        freeLines.append(index)
    }
}

extension Deque<TransferID> {
    /// Where `transfer` stands in a line that rises.
    fileprivate func sortedIndex(of transfer: TransferID) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].rawValue < transfer.rawValue { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == transfer ? low : nil
    }
}
