import Foundation
import SocketTesting
import Testing

/// Those whom a bridge shows secrets to besides its receivers: a token server, a proxy, a TLS server that asks who it is.
struct SecretiveNeighbours {
    let tokenServer: TestServer
    let proxy: TestProxy
    /// Answers no TLS: libcurl reads the client's certificate and key, and gets no further.
    let noTLS: TestServer
    let certificateFile: String
    let keyFile: String
    /// A line of the private key, as it stands in its file.
    let keyMaterial: String

    /// - Parameters:
    ///   - accessToken: The one that the token server gives to everybody.
    ///   - proxyPassword: The proxy carries what comes with it, for `ringback`.
    init(in directory: URL, accessToken: String, proxyPassword: String) async throws {
        tokenServer = try TestServer(
            .serve { connection in
                while connection.readRequest() != nil {
                    connection.send(answer(#"{"access_token":"\#(accessToken)","token_type":"Bearer","expires_in":3600}"#))
                }
            })
        proxy = try TestProxy(.carries, credentials: ("ringback", proxyPassword))
        noTLS = try TestServer(.serve { $0.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") })
        certificateFile = directory.appending(path: "client.pem").path
        keyFile = directory.appending(path: "client.key").path
        try await Self.makeKey(keyFile, certificate: certificateFile, in: directory)
        let lines = try String(contentsOfFile: keyFile, encoding: .utf8).split(separator: "\n").map(String.init)
        keyMaterial = try #require(lines.first { !$0.hasPrefix("-----") && $0.count >= 32 })
    }

    func stop() {
        tokenServer.stop()
        proxy.stop()
        noTLS.stop()
    }

    private static func makeKey(_ key: String, certificate: String, in directory: URL) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Ringback Test", "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        let (ends, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { continuation.yield($0.terminationStatus) }
        try RingbackProcess.spawn(process)
        for await status in ends {
            try #require(status == 0, "openssl makes a key")
            break
        }
    }
}
