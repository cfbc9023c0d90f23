import Control
package import Settings
package import StoreSQLite
package import Transport

/// Asks the server that the configuration describes how it is.
package enum ServerProbe {
    static let patience: Duration = .seconds(5)
    static let maximumAnswerBytes = 64 << 10

    package static func ask(_ settings: Settings, user: StoreUser?, transport: any Transport) async -> ServerFacts {
        let listen = settings.listen
        // An address that means all of the machine's is not one to call.
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][listen.host] ?? listen.host
        let address = "http://\(host.contains(":") ? "[\(host)]" : host):\(listen.port)"
        guard listen.port != 0 else { return ServerFacts(address: address, user: user, answer: .unasked) }
        let limits = TransferLimits(connect: patience, total: patience, bodyBytes: maximumAnswerBytes)
        do throws(TransferFailure) {
            let answer = try await transport.perform(
                TransferRequest(method: .get, url: "\(address)/readyz", version: .http1, limits: limits))
            return ServerFacts(address: address, user: user, answer: reading(answer))
        } catch {
            return ServerFacts(address: address, user: user, answer: .failed(error.error))
        }
    }

    private static func reading(_ answer: TransferAnswer) -> ServerFacts.Answer {
        // What is no such object is somebody else's.
        guard let health = try? APICoding.decode(HealthObject.self, from: answer.body) else { return .stranger(status: answer.head.status) }
        return health.problems.isEmpty ? .ready : .notReady(health.problems)
    }
}
