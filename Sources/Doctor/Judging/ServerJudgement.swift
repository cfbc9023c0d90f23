package import StoreSQLite
package import Transport

/// Whether a server is at work, and what it says of itself.
package struct ServerFacts: Sendable {
    package enum Answer: Sendable {
        /// What `/readyz` said.
        case ready
        case notReady([String])
        /// Something else answers there.
        case stranger(status: Int)
        case failed(TransportError)
        /// Nobody was asked.
        case unasked
    }

    package let address: String
    /// Who holds the store.
    package let user: StoreUser?
    package let answer: Answer

    package init(address: String, user: StoreUser?, answer: Answer) {
        self.address = address
        self.user = user
        self.answer = answer
    }
}

package enum ServerJudgement {
    package static func findings(_ facts: ServerFacts) -> [Finding] {
        let who = facts.user?.processID.map { " (pid \($0))" } ?? ""
        switch (facts.user, facts.answer) {
        case (nil, .ready), (nil, .notReady):
            return [
                Finding(
                    .server, .note, "a Ringback answers at \(facts.address), and it uses another store than this configuration names",
                    advice: "run doctor with the configuration of that server")
            ]
        case (nil, .stranger(let status)):
            return [
                Finding(
                    .server, .serious, "another program answers at \(facts.address) (with \(status)): the server could not start",
                    advice: "stop that program, or set another `listen` address")
            ]
        case (nil, .failed), (nil, .unasked): return [Finding(.server, .note, "no server is running on this store")]
        case (_?, .ready): return [Finding(.server, .ok, "the server\(who) is ready at \(facts.address)")]
        case (_?, .notReady(let problems)):
            return problems.map { Finding(.server, .serious, "the server\(who) is not ready: \($0)", advice: "see its log") }
        case (_?, .unasked): return [Finding(.server, .ok, "a server\(who) holds the store")]
        case (_?, .stranger(let status)):
            return [
                Finding(
                    .server, .serious, "a server\(who) holds the store, and \(facts.address) answers with \(status), as no Ringback does",
                    advice: "see whether it listens elsewhere, and restart it")
            ]
        case (_?, .failed(let error)):
            return [
                Finding(
                    .server, .serious, "a server\(who) holds the store and does not answer at \(facts.address): \(error)",
                    advice: "see its log; it may listen elsewhere, be starting, or hang: then restart it")
            ]
        }
    }
}
