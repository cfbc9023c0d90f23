import Foundation
import NIOConcurrencyHelpers
import RingbackCore
import Transport

/// A resolver that answers what a test says, and remembers what it was asked.
final class TableResolver: NameResolver {
    private struct State {
        var answers: [String: [NameResolution]]
        var asked: [String] = []
    }

    private let state: NIOLockedValueBox<State>
    /// Names that are answered only after ``release()``.
    private let slow: Set<String>
    private let gate = DispatchSemaphore(value: 0)

    /// - Parameter answers: Per name the answers in turn; the last one is repeated. Other names do not exist.
    init(_ answers: [String: [NameResolution]], slow: Set<String> = []) {
        state = NIOLockedValueBox(State(answers: answers))
        self.slow = slow
    }

    var asked: [String] { state.withLockedValue(\.asked) }

    func addresses(of name: String) -> NameResolution {
        let answer = state.withLockedValue { state in
            state.asked.append(name)
            guard let answers = state.answers[name], let first = answers.first else { return NameResolution.notFound }
            if answers.count > 1 { state.answers[name]?.removeFirst() }
            return first
        }
        if slow.contains(name) { gate.wait() }
        return answer
    }

    /// Lets one look-up of a slow name go on.
    func release() {
        gate.signal()
    }
}

extension NameResolution {
    static func to(_ addresses: String...) -> NameResolution {
        .addresses(addresses.compactMap { IPAddress($0) })
    }
}

extension TransferAddressPolicy {
    /// 127.0.0.1 stands for a private address, and every other one for a public address.
    static func sparing127001(_ trafficClass: String = "test") -> TransferAddressPolicy {
        TransferAddressPolicy(trafficClass: trafficClass) { addresses in
            addresses.contains { $0.unmapped == IPAddress("127.0.0.1") } ? .test : nil
        }
    }
}

extension TransferRefusal {
    static let test = TransferRefusal(reason: "not there", detail: "127.0.0.1 is private")
}
