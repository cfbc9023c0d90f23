import Foundation

@testable import Settings

/// A whole configuration with every key this version supports.
let complete = """
    listen: 0.0.0.0:8787
    store: sqlite:/var/lib/ringback/ringback.db
    tokens:
      - { name: ops, token: "${RINGBACK_TOKEN}", scopes: [admin] }
      - name: app
        token_file: /run/secrets/app
        scopes: [submit, read]
    upstreams:
      - name: default
        base_url: https://api.openai.com/v1/
        api_key: ${OPENAI_API_KEY}
        headers: { X-On-Behalf-Of: acme }
        follow: stream
        stream_idle_timeout: 80s
        poll: { interval: 3s, max_interval: 40s }
        max_streams: 5000
        requests_per_second: 2.5
        max_watch_age: 12h
        stalled_after: 20m
        not_found_grace: 10s
        manners: { stream: yes, stream_unrequested: no, resume: auto, stream_window: 5m }
        ca_file: /tls/upstream.pem
        ingest: { scheme: standard_webhooks, secret: whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= }
      - name: azure
        base_url: https://acme.openai.azure.com/openai/v1/?api-version=preview
        create_path: /agent
        api_key: azure-key
        api_key_header: api-key
        follow: poll
        ingest:
          scheme: hmac_sha256
          secret: given at creation
          header: X-Signature
          encoding: base64
          prefix: "sha256="
          timestamp_header: X-Signed-At
    endpoints:
      - name: my-app
        url: https://app.example.com/hooks/ringback
        secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
        events: [response.*, watch.lost]
        match: { upstream: azure, metadata.team: search, model: "gpt-*", status: [incomplete, failed] }
        payload: full
        headers: { X-Env: prod }
        bearer_token: receiver-token
        ca_file: /tls/receiver.pem
        timeout: 10s
        connect_timeout: 2s
        retry: { schedule: [1s, 2m], jitter: 0.5 }
        max_in_flight: 4
        rate_limit: 50/s
      - name: scripts
        inbox: ./inbox
        output_text: true
    retention: { delivered: 1d, dead: 2d, responses: 3d, watches: 4d, max_response_size: 100MB }
    security:
      allow_networks: [10.0.0.0/8, "[fd00::/8]:8080", "hooks.internal:8080"]
      https_only: true
    shutdown_timeout: 10s
    log_level: debug
    """

let completeEnvironment = ["RINGBACK_TOKEN": "0123456789abcdef0123", "OPENAI_API_KEY": "sk-from-environment"]

let completeFiles = [
    "/tls/upstream.pem": "authority", "/tls/receiver.pem": "authority",
    "/run/secrets/app": "token-from-a-file\n",
]

/// The smallest configuration that works.
let minimal = """
    upstreams:
      - name: default
        base_url: https://api.example.com/v1
    """

/// Checks a configuration against files that exist only in the test.
func load(_ yaml: String, environment: [String: String] = [:], files: [String: String] = [:]) throws -> Settings {
    try Settings.load(
        yaml: yaml, file: "ringback.yaml", environment: environment,
        listFiles: { directory in
            let names = files.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) }
            guard !names.isEmpty else { throw UnreadableFile("there is no such file") }
            return names
        }, readFile: reader(of: files))
}

func reader(of files: [String: String]) -> (String) throws -> String {
    { path in
        guard let text = files[path] else { throw UnreadableFile("there is no such file") }
        return text
    }
}

/// All problems as they are printed; empty when the configuration is accepted.
func complaints(_ yaml: String, environment: [String: String] = [:], files: [String: String] = [:]) -> String {
    do {
        _ = try load(yaml, environment: environment, files: files)
        return ""
    } catch {
        return "\(error)"
    }
}

/// A file of this repository.
func repositoryFile(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
}
