import Foundation
import Glibc
import SocketTesting
import Testing

/// A certificate authority, a certificate of it for `localhost`, and programs that serve TLS with it.
struct TLSFixture: Sendable {
    static let openssl = ChildProgram.path("openssl")
    static let nghttpd = ChildProgram.path("nghttpd")

    private let directory: URL

    /// Makes the certificates in `directory`.
    ///
    /// - Parameter days: For how long the server's is good; negative makes one that has expired.
    init(in directory: URL, days: Int = 2) async throws {
        self.directory = directory
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await openssl(
            ["req", "-x509"] + key + ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Ringback Test CA"]
                + ["-addext", "basicConstraints=critical,CA:TRUE"]
        )
        try await openssl(["req"] + key + ["-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"])
        // Not valid for 127.0.0.1, so that a test has a name that does not match.
        try write(Array("subjectAltName=DNS:localhost\n".utf8), to: "names")
        try await openssl(
            ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "\(days)"]
                + ["-extfile", "names", "-out", "server.pem"]
        )
    }

    var caFile: String { path("ca.pem") }

    func path(_ name: String) -> String {
        directory.appending(path: name).path
    }

    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: directory.appending(path: name)))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: directory.appending(path: name))
    }

    /// Runs `body` with an HTTP/1.0 server over TLS for the directory's files.
    ///
    /// - Parameter asksForCertificate: Serve only clients with a certificate of the fixture's authority.
    func withHTTPS<Result>(asksForCertificate: Bool = false, _ body: (_ port: UInt16) async throws -> Result) async throws -> Result {
        var arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-WWW"]
        if asksForCertificate { arguments += ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"] }
        return try await with(Self.openssl, arguments) { program in
            let line = try #require(await program.line(with: "ACCEPT"))
            return try await body(try #require(line.split(separator: ":").last.flatMap { UInt16($0) }))
        }
    }

    /// Runs `body` with an HTTP/2 server over TLS for the directory's files.
    func withHTTP2<Result>(_ body: (_ port: UInt16) async throws -> Result) async throws -> Result {
        // The program takes no port 0, so another process may take the port in between: then with another one.
        for _ in 0..<5 {
            let port = freePort()
            let arguments = ["-v", "-a", "127.0.0.1", "-d", ".", "--echo-upload", "\(port)", "server.key", "server.pem"]
            let outcome: Result? = try await with(Self.nghttpd, arguments) { program in
                await program.line(with: "listen") == nil ? nil : try await body(port)
            }
            if let outcome { return outcome }
        }
        throw SystemFailure(call: "nghttpd", number: EADDRINUSE)
    }

    private func with<Result>(
        _ path: String?, _ arguments: [String], _ body: (ChildProgram) async throws -> Result
    ) async throws -> Result {
        let program = try ChildProgram(try #require(path), arguments, in: directory.path)
        do {
            let result = try await body(program)
            await program.terminate()
            return result
        } catch {
            await program.terminate()
            throw error
        }
    }

    private func openssl(_ arguments: [String]) async throws {
        let program = try ChildProgram(try #require(Self.openssl), arguments, in: directory.path)
        try #require(await program.wait() == 0, "openssl \(arguments[0]) failed")
    }

    private func freePort() -> UInt16 {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(probe) }
        var address = loopback(port: 0)
        _ = withSocketAddress(&address) { bind(probe, $0, $1) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(probe, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
