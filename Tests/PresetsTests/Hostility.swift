import Foundation
import Presets
import RawJSON
import RingbackCore
import Settings

/// The event nobody wants: everything in it that somebody else wrote tries to be more than text.
enum Hostility {
    /// What a reader of some system would act upon.
    static let text =
        "@everyone @here <!channel> <@U123> <users/all> @octocat #1 !1 [click](https://evil.example) <https://evil.example|bank> "
        + "https://evil.example/x www.evil.example *bold* _i_ ~s~ `code` ``` ```` \n```\n/close\n/assign @me\n# heading\n"
        + "<b>unclosed <script>alert(1)</script> &amp; \"quoted\" 'single' {{link}} {{{key}}} \\ | {code} [~admin] !img.png! "
        + "\u{0}\u{7}\u{1B}[31m\u{85}\u{FFFD}\u{202E}gnp.exe\u{2066} \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} e\u{301} \u{1D11E} \u{1F680}\r\n--\r\nX-Evil: 1\n"

    static let long = String(repeating: text, count: 200)

    static let metadata = ["team": text, "@here": text, "b\nc": "x"]

    static func response(_ status: TerminalStatus) -> [UInt8] {
        let object: JSON = [
            "id": "resp_1", "object": "response", "created_at": 1_795_414_286, "completed_at": 1_795_414_328,
            "status": .string(status.rawValue),
            "model": .string("gpt \(text)"),
            "error": status == .failed ? ["code": .string("server_error \(text)"), "message": .string(long)] : nil,
            "incomplete_details": status == .incomplete ? ["reason": .string("max_output_tokens \(text)")] : nil,
            "output": [["type": "message", "content": [["type": "output_text", "text": .string(long)]]]],
            "usage": ["input_tokens": 12, "output_tokens": 345, "total_tokens": 357],
        ]
        return object.bytes
    }

    static func event(_ status: TerminalStatus, id: String = "resp_1") -> Event {
        let upstream = UpstreamName(trusted: "default")
        let response = ResponseID(trusted: id)
        return Event(
            id: EventID(upstream: upstream, response: response, type: status.eventType), type: status.eventType,
            createdAt: Timestamp(unixSeconds: 1_795_414_328), watch: WatchID(upstream: upstream, response: response), upstream: upstream,
            response: response, data: (["id": .string(id)] as JSON).bytes)
    }
}

/// What tests make of presets.
enum Rendering {
    static let secret = "SECRET0123456789abcdef0123456789"
    static let endpoint = EndpointName(trusted: "room")

    /// Read once: it is read from YAML, and every case of every test asks for it.
    private static let builtIn = Result { try PresetLibrary.builtIn() }

    static func library() throws -> PresetLibrary { try builtIn.get() }

    /// Every preset by name.
    static let names = PresetLibrary.embedded.map(\.name)

    static func parameters(of preset: Preset) -> [String: String] {
        var values: [String: String] = ["include_output": "true"]
        for parameter in preset.parameters {
            switch parameter.kind {
            case .url, .baseURL: values[parameter.name] = "https://\(secret.lowercased()).example.com/hook"
            case .text, .path, .integer:
                let isFree = parameter.isSecret && parameter.pattern == nil
                values[parameter.name] = isFree ? secret : parameter.example ?? parameter.fallback ?? "1"
            case .flag: values[parameter.name] = "false"
            }
        }
        return values
    }

    static func renderer(
        _ preset: Preset, _ event: Event, response: [UInt8]?, captured: [String: String] = [:], metadata: [String: String] = [:]
    ) -> PresetRenderer {
        let facts = PresetFacts(
            event: event, response: response, metadata: metadata, endpoint: endpoint,
            link: "https://ringback.example.com/watches/watch_1",
            includesOutput: true)
        return PresetRenderer(
            preset, facts: facts, parameters: parameters(of: preset), captured: captured, event: event, endpoint: endpoint)
    }

    static func captured(_ preset: Preset) -> [String: String] {
        Dictionary(preset.requests.values.flatMap(\.captures).map { ($0.name, "4711") }, uniquingKeysWith: { $1 })
    }

    /// Every text in a body, at whatever depth, with the name of the member it is the value of.
    static func texts(in json: JSON, key: String = "") -> [(key: String, text: String)] {
        switch json {
        case .string(let text): [(key, text)]
        case .array(let elements): elements.flatMap { texts(in: $0, key: key) }
        case .object(let members): members.flatMap { [($0.key, $0.key)] + texts(in: $0.value, key: $0.key) }
        case .null, .bool, .integer, .number, .raw: []
        }
    }

    /// The texts of a request's body, decoded.
    static func texts(of request: RenderedRequest) throws -> [(key: String, text: String)] {
        guard let body = request.body else { return [] }
        let type = request.headers.first { $0.name == "Content-Type" }?.value ?? ""
        if type.contains("json") { return texts(in: try JSON(parsing: body)) }
        let text = String(decoding: body, as: UTF8.self)
        guard type.contains("form") else { return [("", text)] }
        return text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]).removingPercentEncoding ?? "")
        }
    }
}
