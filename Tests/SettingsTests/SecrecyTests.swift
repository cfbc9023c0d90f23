import RingbackCore
import Testing

@testable import Settings

/// Every place that can hold a secret holds one with the word LEAK in it.
private let secretive = """
    listen: 127.0.0.1:8787
    store: sqlite:./data/ringback.db
    master_key: LEAKAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
    previous_master_keys: [LEAKAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh0=]
    tokens:
      - { name: ops, token: "LEAK-0123456789abcdef", scopes: [admin] }
      - name: app
        token: 'LEAK-it''s-0123456789'
        scopes: [submit]
    upstreams:
      - name: default
        base_url: https://api.example.com/v1?key=LEAK
        api_key: LEAK-key
        headers: { X-Secret: LEAK-header, X-Other: "LEAK-\\"quoted" }
        follow: stream
        poll: { interval: 2s, max_interval: 30s }
        ingest: { scheme: hmac_sha256, secret: LEAK-hmac, encoding: hex }
    endpoints:
      - name: my-app
        url: https://app.example.com/hooks?token=LEAK
        secret: whsec_LEAK9r8GKYqrTwjUPD8ILPZIo2LaLaSw
        headers:
          X-Env: LEAK-env
        basic_auth: { username: LEAK-user, password: LEAK-password }
        timeout: 15s
        max_in_flight: 16
      - name: other
        url: https://other.example.com
        bearer_token: |
          LEAK-bearer
          LEAK-second-line
        events: [response.*]
    retention: { delivered: 7d }
    """

@Suite("No secret is ever shown")
struct SecrecyTests {
    @Test("in problems, whatever single slip is made in a configuration full of secrets")
    func everySlip() {
        let characters = Array(secretive)
        // What people slip on: a letter lost, doubled, or replaced by what has a meaning in YAML or in variables.
        let replacements = [[], nil, ["\t"], ["\n"], ["\""], [":"], ["#"], ["{"], ["]"], ["$"], [" "], ["x"]] as [[Character]?]
        // One slip of twelve in each place keeps a run short; which one changes from run to run.
        let seed = Int.random(in: replacements.indices)
        for index in characters.indices {
            let replacement = replacements[(index + seed) % replacements.count] ?? [characters[index], characters[index]]
            let printed = complaints(String(characters[..<index] + replacement + characters[(index + 1)...]))
            if printed.contains("LEAK") {
                Issue.record("with seed \(seed), a slip at character \(index) shows a secret:\n\(printed)")
                return
            }
        }
    }

    @Test("in problems after random damage")
    func randomDamage() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        // A line of a secret that stands alone becomes the value of whatever key it slips below, so that one is left out.
        let lines = secretive.split(separator: "\n").map(String.init).filter { $0.contains(":") }
        for round in 0..<500 {
            var damaged = lines
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let line = Int.random(in: damaged.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[line] = "  " + damaged[line]
                case 1: damaged[line] = String(damaged[line].drop { $0 == " " })
                case 2: damaged.insert(damaged[Int.random(in: damaged.indices, using: &generator)], at: line)
                default: damaged[line] = String(damaged[line].filter { $0 != ":" })
                }
            }
            let printed = complaints(damaged.joined(separator: "\n"))
            if printed.contains("LEAK") {
                Issue.record("round \(round) of seed \(seed) shows a secret:\n\(printed)")
                return
            }
        }
    }

    @Test("in a quoted line that holds one beside the mistake, and the caret stays below the mistake")
    func besideTheMistake() {
        let yaml = minimal + "\ntokens: [{ name: ops, token: \"LEAK-0123456789a\", scopes: [amdin] }]\n"
        #expect(
            complaints(yaml) == """
                ringback.yaml:4:59: tokens[0].scopes[0]: 'amdin' is none of the choices: did you mean 'admin'?
                tokens: [{ name: ops, token: <redacted>, scopes: [amdin] }]
                                                                  ^
                """)
    }

    @Test("by a comment on a quoted line")
    func comment() {
        #expect(
            complaints(minimal + "\n    follow: \"str#eam\" # api_key: LEAK\n") == """
                ringback.yaml:4:13: upstreams[0].follow: 'str#eam' is none of the choices: did you mean 'stream'?
                    follow: "str#eam"\u{20}
                            ^
                """)
    }

    @Test("by a key that is misspelt")
    func misspeltKey() {
        #expect(
            complaints(minimal + "\n    api_kye: LEAK\n") == """
                ringback.yaml:4:5: upstreams[0].api_kye: unknown key 'api_kye': did you mean 'api_key'?
                    api_kye: <redacted>
                    ^
                """)
    }

    @Test("by a variable, though its name is")
    func variable() {
        let yaml = minimal + "\n    api_key: ${KEY}\n    stream_idle_timeout: ${KEY}\n"
        let printed = complaints(yaml, environment: ["KEY": "line\nbreak-LEAK"])
        #expect(printed.hasPrefix("ringback.yaml:4:14: upstreams[0].api_key: has a character that no HTTP header can carry"))
        #expect(printed.contains("    api_key: ${KEY}\n"))
    }

    @Test("by the description of the configuration")
    func description() throws {
        let yaml = secretive.replacing("LEAK9r8", with: "MfKQ9r8").replacing(
            "    bearer_token: |\n      LEAK-bearer\n      LEAK-second-line\n", with: "    bearer_token: LEAK\n")
        let settings = try load(yaml)
        let text = settings.describe()
        #expect(!text.contains("LEAK") && !text.contains("MfKQ9r8"))
        #expect(text.contains("token: <redacted>"))
        #expect(text.contains("master_key: <redacted>\nprevious_master_keys: [\"<redacted>\"]\n"))
        #expect(text.contains("url: \"https://app.example.com/hooks?<redacted>\""))
        #expect(!"\(settings)".contains("token: \"LEAK"))
    }

    @Test("by an unreadable or empty secret file")
    func secretFiles() {
        let printed = complaints(minimal + "\n    api_key_file: /run/key\n", files: ["/run/key": "\n\n"])
        #expect(printed.hasPrefix("ringback.yaml:4:19: upstreams[0].api_key_file: the file '/run/key' is empty\n"))
    }
}
