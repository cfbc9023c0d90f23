import Foundation
import Glibc
import NIOConcurrencyHelpers

/// A proxy of plain sockets: carries what it is asked to, by `CONNECT`, by whole requests, or by SOCKS 5, and remembers what it was asked.
///
/// It takes every name for the loopback interface, so a test sees whether it was told a name or an address.
package final class TestProxy: Sendable {
    package enum Manner: Sendable {
        case carries
        /// Answers every request of HTTP with this.
        case answers(String)
        /// Closes every connection when it was asked for something.
        case drops
        /// Reads and never answers.
        case isSilent
        /// Speaks SOCKS 5 and answers with this reply (RFC 1928, section 6); 0 carries.
        case socks(reply: UInt8)
    }

    private struct State {
        var heads: [String] = []
        var targets: [String] = []
    }

    private let server: TestServer
    private let state: NIOLockedValueBox<State>

    /// - Parameter credentials: Those it wants; `nil` for none.
    package init(_ manner: Manner = .carries, credentials: (name: String, password: String)? = nil) throws {
        let state = NIOLockedValueBox(State())
        self.state = state
        server = try TestServer(
            .serve { connection in
                ProxyConnection(connection, manner, credentials) { head, target in
                    state.withLockedValue { state in
                        state.heads.append(head)
                        state.targets.append(target)
                    }
                }.serve()
            })
    }

    package var port: UInt16 { server.port }
    package var accepted: Int { server.accepted }
    /// The heads of the requests it got, from first to last; empty for SOCKS.
    package var heads: [String] { state.withLockedValue(\.heads) }
    /// Where it was asked to go, as it was told: `hooks.test:8080`, `127.0.0.2:8080`.
    package var targets: [String] { state.withLockedValue(\.targets) }

    package func stop() {
        server.stop()
    }
}

private struct ProxyConnection {
    private let connection: Connection
    private let manner: TestProxy.Manner
    private let credentials: (name: String, password: String)?
    private let asked: (_ head: String, _ target: String) -> Void

    init(
        _ connection: Connection, _ manner: TestProxy.Manner, _ credentials: (name: String, password: String)?,
        asked: @escaping (_ head: String, _ target: String) -> Void
    ) {
        self.connection = connection
        self.manner = manner
        self.credentials = credentials
        self.asked = asked
    }

    func serve() {
        if case .socks(let reply) = manner { return serveSOCKS(reply) }
        while let request = connection.readRequest() {
            let isConnect = request.head.hasPrefix("CONNECT ")
            let target = isConnect ? request.path : String(request.path.dropFirst("http://".count).prefix { $0 != "/" })
            asked(request.head, target)
            switch manner {
            case .drops: return
            case .isSilent: _ = connection.waitForClose()
            case .answers(let text): connection.send(text)
            case .carries, .socks:
                guard isAuthorized(request) else {
                    connection.send(answer("who are you?", status: "407 Proxy Authentication Required", headers: Self.challenge))
                    continue
                }
                return isConnect ? tunnel(to: target) : forward(request, to: target)
            }
        }
    }

    private static let challenge = "Proxy-Authenticate: Basic realm=\"test\"\r\n"

    private func isAuthorized(_ request: Connection.Request) -> Bool {
        guard let credentials else { return true }
        let pair = Data("\(credentials.name):\(credentials.password)".utf8).base64EncodedString()
        return request.head.contains("Proxy-Authorization: Basic \(pair)\r\n")
    }

    private func tunnel(to target: String) {
        guard let far = connect(to: target) else { return void(connection.send(answer(status: "502 Bad Gateway"))) }
        connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
        relay(to: far)
    }

    private func forward(_ request: Connection.Request, to target: String) {
        guard let far = connect(to: target) else { return void(connection.send(answer(status: "502 Bad Gateway"))) }
        var lines = request.head.components(separatedBy: "\r\n").filter { !$0.lowercased().hasPrefix("proxy-") }
        lines[0] = lines[0].replacingOccurrences(of: "http://\(target)", with: "")
        lines.insert("Connection: close", at: 1)
        Connection(far).send(lines.joined(separator: "\r\n"))
        Connection(far).send(request.body)
        relay(to: far)
    }

    // MARK: SOCKS

    private func serveSOCKS(_ reply: UInt8) {
        guard let greeting = read(2), greeting[0] == 5, read(Int(greeting[1])) != nil else { return }
        connection.send([5, credentials == nil ? 0 : 2])
        if let credentials {
            guard let name = read(2).flatMap({ read(Int($0[1])) }), let password = read(1).flatMap({ read(Int($0[0])) }) else { return }
            let isRight = name == Array(credentials.name.utf8) && password == Array(credentials.password.utf8)
            connection.send([1, isRight ? 0 : 1])
            guard isRight else { return }
        }
        guard let order = read(4), let host = readHost(kind: order[3]), let port = read(2) else { return }
        let target = "\(host):\(Int(port[0]) << 8 | Int(port[1]))"
        asked("", target)
        let far = reply == 0 ? connect(to: target) : nil
        connection.send([5, reply == 0 && far == nil ? 5 : reply, 0, 1, 0, 0, 0, 0, 0, 0])
        if let far { relay(to: far) }
    }

    private func readHost(kind: UInt8) -> String? {
        switch kind {
        case 1: read(4)?.map { String($0) }.joined(separator: ".")
        case 3: read(1).flatMap { read(Int($0[0])) }.map { String(decoding: $0, as: UTF8.self) }
        default: nil
        }
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(connection.descriptor, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    // MARK: Carrying

    private func connect(to target: String) -> Int32? {
        guard let port = target.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
        let host = target.hasPrefix("127.0.0.") ? target.dropFirst("127.0.0.".count).prefix { $0 != ":" } : "1"
        var address = loopback(port: port, host: UInt8(host) ?? 1)
        let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard withSocketAddress(&address, { Glibc.connect(far, $0, $1) }) == 0 else {
            close(far)
            return nil
        }
        return far
    }

    /// Until both sides are done.
    private func relay(to far: Int32) {
        let near = connection.descriptor
        let isBackDone = DispatchSemaphore(value: 0)
        spawn {
            Self.copy(from: far, to: near)
            isBackDone.signal()
        }
        Self.copy(from: near, to: far)
        isBackDone.wait()
        close(far)
    }

    private static func copy(from source: Int32, to sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
            guard Connection(sink).send(Array(buffer[..<count])) else { break }
        }
        shutdown(sink, Int32(SHUT_WR))
    }

    private func void(_: Bool) {}
}
