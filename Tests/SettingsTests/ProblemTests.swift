import Testing

@testable import Settings

/// A broken configuration and the beginning of what is printed about it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let yaml: String
    let complaint: String

    init(_ yaml: String, _ complaint: String) {
        self.yaml = yaml
        self.complaint = complaint
    }

    /// A mistake in an endpoint; line 5 is its first line after the name.
    static func endpoint(_ lines: String, _ complaint: String) -> Mistake {
        let indented = lines.split(separator: "\n").map { "    \($0)\n" }.joined()
        return Mistake(minimal + "\nendpoints:\n  - name: app\n" + indented, complaint)
    }

    static func upstream(_ lines: String, _ complaint: String) -> Mistake {
        let indented = lines.split(separator: "\n").map { "    \($0)\n" }.joined()
        return Mistake(minimal + "\n" + indented, complaint)
    }

    static func top(_ lines: String, _ complaint: String) -> Mistake {
        Mistake(minimal + "\n" + lines + "\n", complaint)
    }

    var testDescription: String { complaint }
}

@Suite("A mistake in the configuration is pointed out with its place and what to write instead")
struct ProblemTests {
    @Test("as compilers do, with the line and a caret below it")
    func printedForm() {
        #expect(
            complaints(minimal + "\nendpoints:\n  - name: app\n    url: app.example.com/hooks\n")
                .hasSuffix("\n    url: app.example.com/hooks\n         ^"))
    }

    @Test("all at once, in the order of the file")
    func allAtOnce() throws {
        let yaml = """
            listen: everywhere
            upstreams:
              - name: Default
                base_url: ftp://api.example.com
                follow: streaming
            endpoints:
              - name: app
                url: https://app.example.com
                timeout: 15
            retantion: { delivered: 7d }
            """
        let error = #expect(throws: SettingsErrors.self) { try load(yaml) }
        let problems = try #require(error).problems
        #expect(problems.map(\.line) == [1, 3, 4, 5, 9, 10])
        #expect(problems.map(\.column) == [9, 11, 15, 13, 14, 1])
        #expect(
            problems.map(\.path) == [
                "listen", "upstreams[0].name", "upstreams[0].base_url", "upstreams[0].follow", "endpoints[0].timeout", "retantion",
            ])
        #expect(problems.allSatisfy { $0.file == "ringback.yaml" })
    }

    @Test("but not by the thousand")
    func bounded() throws {
        let yaml = minimal + "\n" + (0..<200).map { "unknown\($0)x: 1\n" }.joined()
        let error = try #require(#expect(throws: SettingsErrors.self) { try load(yaml) })
        #expect(error.problems.count == SettingsErrors.maximumProblems)
        #expect(error.omitted == 150)
        #expect(error.description.hasSuffix("… and 150 more"))
    }

    @Test(
        "in every key",
        arguments: [
            // Shape.
            Mistake("", "ringback.yaml: there is no upstream to follow responses of: add upstreams: "),
            Mistake("- a\n- b\n", "ringback.yaml:1:1: expected a mapping of keys to values, found a list"),
            Mistake(
                "upstreams: https://api.example.com", "ringback.yaml:1:12: upstreams: expected a mapping of keys to values, found text"),
            .top("listn: 127.0.0.1:80", "ringback.yaml:4:1: listn: unknown key 'listn': did you mean 'listen'?"),
            .top("zzz: 1", "ringback.yaml:4:1: zzz: unknown key 'zzz': the keys here are presets_dir, tokens, upstreams, "),
            .top(
                "presets_dir: ./presets",
                "ringback.yaml:4:14: presets_dir: the directory './presets' cannot be read: there is no such file"),
            // Listening and access.
            .top(
                "listen: 8787",
                "ringback.yaml:4:9: listen: '8787' is not an address and a port: write HOST:PORT, for example 127.0.0.1:8787"),
            .top(
                "listen: 0.0.0.0:8787",
                "ringback.yaml:4:9: listen: other machines can reach 0.0.0.0:8787, and without tokens everybody could use the API: add tokens: "
            ),
            .top("listen:", "ringback.yaml:4:8: listen: has no value: write one or remove the line"),
            .top(
                "tls: { certificate_file: /none.pem }",
                "ringback.yaml:4:1: tls: 'tls' is not supported by this version of Ringback: listen on loopback"),
            .top(
                "tokens: [{ token: 0123456789abcdef, scopes: [read] }]", "ringback.yaml:4:10: tokens[0]: 'name' is missing: write name: ops"
            ),
            .top(
                "tokens: [{ name: a, scopes: [read] }]", "ringback.yaml:4:10: tokens[0]: 'token' is missing: write token: ${RINGBACK_TOKEN}"
            ),
            .top(
                "tokens: [{ name: a, token: short, scopes: [read] }]",
                "ringback.yaml:4:28: tokens[0].token: a token has at least 16 characters: "),
            .top(
                "tokens: [{ name: a, token: 0123456789 abcdef, scopes: [read] }]",
                "ringback.yaml:4:28: tokens[0].token: a token has only printable ASCII"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef }]",
                "ringback.yaml:4:10: tokens[0]: 'scopes' is missing: write scopes: [admin], or admin, submit or read"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef, scopes: [] }]",
                "ringback.yaml:4:54: tokens[0].scopes: a token without scopes can do nothing"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef, scopes: [amdin] }]",
                "ringback.yaml:4:55: tokens[0].scopes[0]: 'amdin' is none of the choices: did you mean 'admin'?"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef, scopes: [owner] }]",
                "ringback.yaml:4:55: tokens[0].scopes[0]: 'owner' is none of the choices: write admin, submit or read"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef, scopes: [read] }, { name: a, token: fedcba9876543210, scopes: [read] }]",
                "ringback.yaml:4:72: tokens[1].name: there is another token called 'a' on line 4: give each token its own name"),
            .top(
                "tokens: [{ name: a, token: 0123456789abcdef, scopes: [read] }, { name: b, token: 0123456789abcdef, scopes: [read] }]",
                "ringback.yaml:4:82: tokens[1].token: 'a' has the same token"),
            // Store, retention, security.
            .top(
                "store: data/ringback.db",
                "ringback.yaml:4:8: store: a store begins with sqlite: or postgres:: write sqlite:data/ringback.db"),
            .top(
                "store: postgres://ringback@db/ringback",
                "ringback.yaml:4:8: store: PostgreSQL is not supported by this version of Ringback: "),
            .top(
                "retention: { delivered: 7 }",
                "ringback.yaml:4:25: retention.delivered: '7' is not a duration: write a number and a unit, such as 500ms, 15s, 5m, 2h or 3d"
            ),
            .top(
                "retention: { max_response_size: 32 }",
                "ringback.yaml:4:33: retention.max_response_size: '32' is not a size: write a number and a unit, such as 512KiB, 32MiB or 100MB"
            ),
            .top(
                "retention: { max_response_size: 1GiB }",
                "ringback.yaml:4:33: retention.max_response_size: 1GiB is out of range: write 1KiB to 256MiB"),
            .top(
                "retention: { responses: 10d, watches: 7d }",
                "ringback.yaml:4:39: retention.watches: 7d is less than the 10d for which responses are kept, and they go with their watch: write 10d or more"
            ),
            .top("retention: { dead: 0s }", "ringback.yaml:4:20: retention.dead: 0s is out of range: write 1s to 3650d"),
            .top(
                "security: { https_only: yes please }",
                "ringback.yaml:4:25: security.https_only: expected true or false, found 'yes please'"),
            .top(
                "security: { allow_networks: [10.0.0.1] }",
                "ringback.yaml:4:30: security.allow_networks[0]: '10.0.0.1' is one address: write 10.0.0.1/32"),
            .top("shutdown_timeout: 2d", "ringback.yaml:4:19: shutdown_timeout: 2d is out of range: write 0s to 1h"),
            .top("log_level: verbose", "ringback.yaml:4:12: log_level: 'verbose' is none of the choices: write trace, debug, "),
            // Upstreams.
            Mistake(
                "upstreams: [{ name: a }]",
                "ringback.yaml:1:13: upstreams[0]: 'base_url' is missing: write base_url: https://api.openai.com/v1"),
            Mistake(
                "upstreams: [{ name: a, base_url: https://api.example.com/v1/responses/ }]",
                "ringback.yaml:1:34: upstreams[0].base_url: ends with /responses, which Ringback adds itself: write https://api.example.com/v1\n"
            ),
            Mistake(
                "upstreams: [{ name: a, base_url: https://a.example }, { name: a, base_url: https://b.example }]",
                "ringback.yaml:1:63: upstreams[1].name: there is another upstream called 'a' on line 1"),
            .upstream("apiKey: x", "ringback.yaml:4:5: upstreams[0].apiKey: unknown key 'apiKey': did you mean 'api_key'?"),
            .upstream("api_key_header: api-key", "ringback.yaml:4:21: upstreams[0].api_key_header: there is no 'api_key' to send in it: "),
            .upstream(
                "create_path: agent",
                "ringback.yaml:4:18: upstreams[0].create_path: 'agent' is not a path below base_url: write for example /agent"
            ),
            .upstream(
                "create_path: /agent?a=1", "ringback.yaml:4:18: upstreams[0].create_path: '/agent?a=1' is not a path below base_url: "),
            .upstream("create_path: /../agent", "ringback.yaml:4:18: upstreams[0].create_path: '/../agent' is not a path below base_url: "),
            .upstream("create_path: /agent/", "ringback.yaml:4:18: upstreams[0].create_path: '/agent/' is not a path below base_url: "),
            .upstream("follow: polling", "ringback.yaml:4:13: upstreams[0].follow: 'polling' is none of the choices: did you mean 'poll'?"),
            .upstream("pol: { interval: 2s }", "ringback.yaml:4:5: upstreams[0].pol: unknown key 'pol': did you mean 'poll'?"),
            .upstream(
                "poll: { interval: 2m, max_interval: 30s }",
                "ringback.yaml:4:41: upstreams[0].poll.max_interval: 30s is less than the interval of 2m"),
            .upstream(
                "max_streams: many",
                "ringback.yaml:4:18: upstreams[0].max_streams: expected a whole number, found 'many': write 1 to 1000000"),
            .upstream(
                "requests_per_second: 0",
                "ringback.yaml:4:26: upstreams[0].requests_per_second: expected a number, found '0': write 0.01 to 100000.0"),
            .upstream(
                "manners: { stream: maybe }",
                "ringback.yaml:4:24: upstreams[0].manners.stream: 'maybe' is none of the choices: write yes, no or auto"),
            .upstream(
                "manners: { stream_window: 5 }",
                "ringback.yaml:4:31: upstreams[0].manners.stream_window: '5' is none of the choices: write a duration such as 5m, unlimited or auto"
            ),
            .upstream(
                "manners: { stream_window: 500ms }",
                "ringback.yaml:4:31: upstreams[0].manners.stream_window: 500ms is out of range: write 1s to 365d"),
            .upstream(
                "manners: { resumes: yes }",
                "ringback.yaml:4:16: upstreams[0].manners.resumes: unknown key 'resumes': did you mean 'resume'?"),
            .upstream(
                "manners: { stream: no, stream_unrequested: yes }",
                "ringback.yaml:4:48: upstreams[0].manners.stream_unrequested: says that some responses are streamed, and 'stream' says that none is: keep one of them"
            ),
            .upstream("headers: { Host: api }", "ringback.yaml:4:16: upstreams[0].headers.Host: Ringback sets 'Host' itself: remove it"),
            .upstream("headers: { \"a b\": x }", "ringback.yaml:4:16: upstreams[0].headers.…: no header can have this name"),
            .upstream("headers: [a]", "ringback.yaml:4:14: upstreams[0].headers: expected a mapping of keys to values, found a list"),
            .upstream("headers: { X-A: 1, x-a: 2 }", "ringback.yaml:4:24: upstreams[0].headers.x-a: the header 'x-a' is there already"),
            .upstream(
                "api_key: x\nheaders: { authorization: y }",
                "ringback.yaml:5:16: upstreams[0].headers.authorization: Ringback sets 'authorization' itself: it carries the api_key: keep one of them"
            ),
            .upstream("ingest: {}", "ringback.yaml:4:13: upstreams[0].ingest: 'secret' is missing: write secret: ${VENDOR_WEBHOOK_SECRET}"),
            .upstream(
                "ingest: { secret: x }",
                "ringback.yaml:4:13: upstreams[0].ingest: 'scheme' is missing: write scheme: standard_webhooks (as OpenAI signs) or hmac_sha256"
            ),
            .upstream(
                "ingest: { scheme: hmac, secret: x }",
                "ringback.yaml:4:23: upstreams[0].ingest.scheme: 'hmac' is none of the choices: did you mean 'hmac_sha256'?"),
            .upstream(
                "ingest: { scheme: standard_webhooks, secret: short }",
                "ringback.yaml:4:50: upstreams[0].ingest.secret: the signing secret is not 'whsec_' followed by base64"),
            .upstream(
                "ingest: { scheme: standard_webhooks, secret: whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=, header: X-Sig }",
                "ringback.yaml:4:102: upstreams[0].ingest.header: 'header' belongs to scheme: hmac_sha256: remove it: "),
            .upstream(
                "ingest: { scheme: hmac_sha256, secret: x, header: X Sig }",
                "ringback.yaml:4:55: upstreams[0].ingest.header: 'X Sig' is not the name of a header: write for example X-Webhook-Signature"
            ),
            .upstream(
                "ingest: { scheme: hmac_sha256, secret: x, encodnig: hex }",
                "ringback.yaml:4:47: upstreams[0].ingest.encodnig: unknown key 'encodnig': did you mean 'encoding'?"),
            .upstream("ca_file: /none.pem", "ringback.yaml:4:14: upstreams[0].ca_file: '/none.pem' cannot be read: there is no such file"),
            .upstream(
                "api_key: x\napi_key_file: /run/x",
                "ringback.yaml:5:19: upstreams[0].api_key_file: 'api_key_file' beside 'api_key': keep one of them"),
            .upstream(
                "api_key_file: /none", "ringback.yaml:4:19: upstreams[0].api_key_file: '/none' cannot be read: there is no such file"),
            // Endpoints.
            .endpoint(
                "events: [response.*]", "ringback.yaml:5:5: endpoints[0]: nothing says where this endpoint's notifications go: write url: "),
            .endpoint(
                "url: https://a.example\ninbox: ./in",
                "ringback.yaml:7:12: endpoints[0].inbox: 'inbox' beside 'url': an endpoint has one target"),
            .endpoint(
                "preset: slakc\nwith: { url: https://hooks.slack.com/x }",
                "ringback.yaml:6:13: endpoints[0].preset: there is no preset 'slakc': did you mean 'slack'?"),
            .endpoint(
                "preset: slack\nwith: { ulr: https://hooks.slack.com/x, url: https://hooks.slack.com/x }",
                "ringback.yaml:7:13: endpoints[0].with.ulr: unknown key 'ulr': did you mean 'url'?"),
            .endpoint(
                "preset: slack\nwith: { url: hooks.slack.com/pa55 }",
                "ringback.yaml:7:18: endpoints[0].with.url: is not a URL to send to: the URL has no scheme"),
            .endpoint(
                "preset: slack", "ringback.yaml:5:5: endpoints[0]: 'url' is missing: The URL of the incoming webhook.: write url: "),
            .endpoint(
                "preset: email\nwith: { host: \"smtp.example:587\", from: me@a.example, to: you@a.example }",
                "ringback.yaml:7:19: endpoints[0].with.host: is not the name of a server alone: write smtp.example.com, and its port as 'port'"
            ),
            .endpoint(
                "preset: email\nwith: { host: a.example, port: 70000, from: me@a.example, to: you@a.example }",
                "ringback.yaml:7:36: endpoints[0].with.port: is no port: write a number from 1 to 65535"),
            .endpoint(
                "preset: email\nwith: { host: a.example, from: me, to: you@a.example }",
                "ringback.yaml:7:36: endpoints[0].with.from: is no mail address: write \"Ringback <ringback@example.com>\""),
            .endpoint(
                "preset: email\nwith: { host: a.example, from: me@a.example, to: \"you@a.example, pa55\" }",
                "ringback.yaml:7:54: endpoints[0].with.to: is no list of mail addresses: write \"ops@example.com, Batch jobs <batch@example.com>\""
            ),
            .endpoint(
                "preset: email\nwith: { host: a.example, from: me@a.example, to: you@a.example, tls: ssl }",
                "ringback.yaml:7:74: endpoints[0].with.tls: is none of the choices: write starttls or implicit or none"),
            .endpoint(
                "preset: email\nwith: { host: a.example, from: me@a.example, to: you@a.example, username: me }",
                "ringback.yaml:7:79: endpoints[0].with.username: comes without a password: give 'password' too, or neither"),
            .endpoint(
                "preset: email\nwith: { host: a.example, from: me@a.example, to: you@a.example, username: me, password: pa55, tls: none }",
                "ringback.yaml:7:93: endpoints[0].with.password: is sent over TLS only: write tls: starttls or tls: implicit"),
            .endpoint(
                "url: https://a.example\ndigest: { window: 5m }",
                "ringback.yaml:7:5: endpoints[0].digest: 'digest' is for chats and mail, and this endpoint has no preset: remove it"),
            .endpoint(
                "inbox: ./in\ndigest: {}",
                "ringback.yaml:7:5: endpoints[0].digest: 'digest' is for chats and mail, and this endpoint has no preset: remove it"),
            .endpoint(
                "inbox: ./in\nsecret: whsec_x",
                "ringback.yaml:7:5: endpoints[0].secret: 'secret' is for a url, and this endpoint has an inbox: remove it"),
            .endpoint(
                "url: https://a.example\noutput_text: true", "ringback.yaml:7:5: endpoints[0].output_text: 'output_text' is for an inbox"),
            .endpoint("command: []", "ringback.yaml:6:14: endpoints[0].command: names no program: write the program and each argument"),
            .endpoint(
                "command: handle --fast", "ringback.yaml:6:14: endpoints[0].command: is one word to Ringback, since there is no shell"),
            .endpoint(
                "command: [a]\nenvironment: { RINGBACK_STATUS: x }",
                "ringback.yaml:7:37: endpoints[0].environment.RINGBACK_STATUS: the names that begin with RINGBACK_ are Ringback's own"),
            .endpoint("command: [a]\nenvironment: { 1A: x }", "ringback.yaml:7:24: endpoints[0].environment.1A: '1A' is no name"),
            .endpoint("command: [a]\nurl: https://a.example", "ringback.yaml:6:14: endpoints[0].command: 'command' beside 'url'"),
            .endpoint(
                "command: [a]\nconnect_timeout: 1s", "ringback.yaml:7:5: endpoints[0].connect_timeout: 'connect_timeout' is for a url"),
            .endpoint("command: [a]\nmax_files: 5", "ringback.yaml:7:5: endpoints[0].max_files: 'max_files' is for an inbox"),
            .endpoint("inbox: ./in\nenvironment: { A: b }", "ringback.yaml:7:5: endpoints[0].environment: 'environment' is for a command"),
            .endpoint("url: https://a.example\nmode: 0640", "ringback.yaml:7:5: endpoints[0].mode: 'mode' is for an inbox"),
            .endpoint(
                "inbox: ./in\nmode: 640",
                "ringback.yaml:7:11: endpoints[0].mode: '640' is not a mode of files that Ringback could write and read: write a zero"),
            .endpoint("inbox: ./in\nmode: \"0999\"", "ringback.yaml:7:11: endpoints[0].mode: '0999' is not a mode"),
            .endpoint("inbox: ./in\nmax_files: 0", "ringback.yaml:7:16: endpoints[0].max_files: expected a whole number, found '0'"),
            .endpoint("url: https://a.example\nsecret: tooshort", "ringback.yaml:7:13: endpoints[0].secret: "),
            .endpoint(
                "url: https://a.example\nhandshake: { rate: 5 }", "ringback.yaml:7:16: endpoints[0].handshake: 'origin' is missing"),
            .endpoint(
                "url: https://a.example\nhandshake: { origin: https://a.example }",
                "ringback.yaml:7:26: endpoints[0].handshake.origin: an origin is the name of a host"),
            .endpoint(
                "inbox: ./in\nhandshake: { origin: a.example }",
                "ringback.yaml:7:5: endpoints[0].handshake: 'handshake' is for a url, and this endpoint has an inbox: remove it"),
            .endpoint(
                "url: https://a.example\npayload: fat",
                "ringback.yaml:7:14: endpoints[0].payload: 'fat' is none of the choices: write thin, full, cloudevents or cloudevents-binary"
            ),
            .endpoint(
                "url: https://a.example\nrate_limit: 50",
                "ringback.yaml:7:17: endpoints[0].rate_limit: '50' is not a rate: write how many in a second, a minute or an hour"),
            .endpoint(
                "url: https://a.example\nrate_limit: 0/s", "ringback.yaml:7:17: endpoints[0].rate_limit: '0/s' is not a rate: "),
            .endpoint(
                "url: https://a.example\nclient_key_file: /no.pem", "ringback.yaml:7:22: endpoints[0].client_key_file: "),
            .endpoint(
                "url: https://a.example\noauth2: { token_url: https://b.example/token, client_id: me }",
                "ringback.yaml:7:13: endpoints[0].oauth2: 'client_secret' is missing"),
            .endpoint(
                "url: https://a.example\nbearer_token: t\noauth2: { token_url: https://b.example/, client_id: me, client_secret: s }",
                "ringback.yaml:8:13: endpoints[0].oauth2: 'oauth2' beside 'bearer_token' or 'basic_auth': keep one of them"),
            .endpoint(
                "url: https://a.example\nevents: [response.complete]",
                "ringback.yaml:7:14: endpoints[0].events[0]: no event is called 'response.complete': did you mean 'response.completed'?"),
            .endpoint(
                "url: https://a.example\nevents: [completed]",
                "ringback.yaml:7:14: endpoints[0].events[0]: no event is called 'completed': did you mean 'response.completed'?"),
            .endpoint(
                "url: https://a.example\nevents: []", "ringback.yaml:7:13: endpoints[0].events: an endpoint without events gets nothing"),
            .endpoint(
                "url: https://a.example\nmatch: { status: [failed, canceled] }",
                "ringback.yaml:7:31: endpoints[0].match.status[1]: no event leaves a watch in the status 'canceled': did you mean 'cancelled'?"
            ),
            .endpoint(
                "url: https://a.example\nmatch: { status: stopped }",
                "ringback.yaml:7:22: endpoints[0].match.status: no event leaves a watch in the status 'stopped': write queued, in_progress, completed, failed, incomplete, cancelled, lost or expired"
            ),
            .endpoint(
                "url: https://a.example\nmatch: { status: [] }",
                "ringback.yaml:7:22: endpoints[0].match.status: no event has no status: write status: [failed, incomplete] or remove the line"
            ),
            .endpoint(
                "url: https://a.example\nmatch: { modle: x }",
                "ringback.yaml:7:14: endpoints[0].match.modle: unknown key 'modle': did you mean 'model'?"),
            .endpoint(
                "url: https://a.example\nmatch: { upstream: defualt }",
                "ringback.yaml:7:24: endpoints[0].match.upstream: there is no upstream 'defualt': did you mean 'default'?"),
            .endpoint(
                "url: https://a.example\nmatch: { metadata: { team: x } }",
                "ringback.yaml:7:14: endpoints[0].match.metadata: 'metadata' needs the name of a key: write metadata.team: search"),
            .endpoint(
                "url: https://a.example\nretry: { schedule: [5s, soon] }",
                "ringback.yaml:7:29: endpoints[0].retry.schedule[1]: 'soon' is not a duration: "),
            .endpoint(
                "url: https://a.example\nretry: { jitter: 2 }",
                "ringback.yaml:7:22: endpoints[0].retry.jitter: expected a number, found '2': write 0.0 to 1.0"),
            .endpoint(
                "url: https://a.example\ntimeout: 3s\nconnect_timeout: 4s",
                "ringback.yaml:8:22: endpoints[0].connect_timeout: 4s is more than the 3s the whole attempt may take"),
            .endpoint(
                "url: https://a.example\nheaders: { Webhook-Id: x }",
                "ringback.yaml:7:16: endpoints[0].headers.Webhook-Id: Ringback sets 'Webhook-Id' itself"),
            .endpoint(
                "url: https://a.example\nbearer_token: x\nbasic_auth: { username: a, password: b }",
                "ringback.yaml:8:17: endpoints[0].basic_auth: 'basic_auth' beside 'bearer_token': keep one of them"),
            .endpoint(
                "url: https://a.example\nbasic_auth: a:b",
                "ringback.yaml:7:17: endpoints[0].basic_auth: expected a mapping: write basic_auth: "),
            Mistake(
                "security: { https_only: true }\n" + minimal + "\nendpoints: [{ name: a, url: HTTP://a.example }]\n",
                "ringback.yaml:5:29: endpoints[0].url: plain http, and security.https_only is on: write https://"),
        ])
    func everyKey(_ mistake: Mistake) {
        let printed = complaints(mistake.yaml)
        #expect(printed.split(separator: "\n").contains { "\($0)\n".hasPrefix(mistake.complaint) }, "printed was:\n\(printed)")
    }

    @Test("in the use of variables, at the variable itself")
    func variables() {
        let yaml = minimal + "\n    headers: { X-A: \"before ${NO_SUCH} after\", X-B: \"${oh no}\" }\n"
        #expect(
            complaints(yaml) == """
                ringback.yaml:4:29: upstreams[0].headers.X-A: the environment variable NO_SUCH is not set: set it, or write ${NO_SUCH:-a default}
                    headers: { X-A: <redacted>, X-B: <redacted> }
                                    ^
                ringback.yaml:4:54: upstreams[0].headers.X-B: '${' begins a variable that cannot be read: write ${NAME} or ${NAME:-default}, \
                or $${ for the characters themselves
                    headers: { X-A: <redacted>, X-B: <redacted> }
                                                     ^
                """)
    }

    @Test("once, when aliases make it appear in several places")
    func aliases() throws {
        let yaml = """
            upstreams:
              - &first { name: default, base_url: https://api.example.com/v1, follow: sometimes }
              - { <<: *first, name: second }
            """
        let error = try #require(#expect(throws: SettingsErrors.self) { try load(yaml) })
        #expect(error.problems.map(\.path) == ["upstreams[0].follow"])
    }
}
