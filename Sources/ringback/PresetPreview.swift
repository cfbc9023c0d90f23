import Foundation
import Presets
import RawJSON
import ResponsesAPI
import RingbackCore

/// What a preset would send, for every kind of request it has. Secrets are replaced before anything is rendered.
struct PresetPreview {
    private static let redacted = "redacted"
    /// What stands in for an id of the system's; a number, since some systems want one.
    private static let captured = "1234567"

    private let requests: [RenderedRequest]
    private let fields: [String: String]?
    private let order: [String]

    /// - Parameters:
    ///   - given: Parameters; what is missing is filled in with examples.
    ///   - response: A response object.
    /// - Throws: ``CommandFailure`` when a parameter or the response is wrong, or nothing can be made of it.
    init(_ preset: Preset, given: [String: String], response: [UInt8]) throws(CommandFailure) {
        guard let object = ResponseObject(json: response), let status = object.terminalStatus else {
            throw CommandFailure("this is no response object that has ended: it needs a 'status'", exitCode: ExitReport.usage)
        }
        var parameters = given
        for parameter in preset.parameters where parameters[parameter.name] == nil && parameter.isRequired {
            parameters[parameter.name] = parameter.example ?? Self.stand(in: parameter)
        }
        if case .failure(let error) = preset.target(with: parameters) {
            let problem = error.problems[0]
            let advice = problem.suggestion.map { ": \($0)" } ?? ""
            throw CommandFailure("--with \(problem.name): \(problem.message)\(advice)", exitCode: ExitReport.usage)
        }
        for parameter in preset.parameters where parameter.isSecret && parameters[parameter.name] != nil {
            parameters[parameter.name] = Self.masked(parameter)
        }
        let event = Self.event(status, id: object.id ?? "resp_sample")
        let endpoint = EndpointName(trusted: "sample")
        let facts = PresetFacts(
            event: event, response: response, metadata: object.metadata, endpoint: endpoint, link: nil,
            includesOutput: parameters["include_output"] == "true")
        let captured = Dictionary(
            preset.requests.values.flatMap(\.captures).map { ($0.name, Self.captured) }, uniquingKeysWith: { $1 })
        do throws(RenderingError) {
            var requests: [RenderedRequest] = []
            for kind in preset.requests.keys.sorted() {
                // Nothing is captured before something was created.
                let isFirst = kind == .search || kind == .create
                let renderer = PresetRenderer(
                    preset, facts: facts, parameters: parameters, captured: isFirst ? [:] : captured, event: event, endpoint: endpoint)
                requests.append(try renderer.render(kind))
            }
            self.requests = requests
            let renderer = PresetRenderer(
                preset, facts: facts, parameters: parameters, captured: [:], event: event, endpoint: endpoint)
            fields = preset.transport == .smtp ? try renderer.renderFields() : nil
            order = preset.fields.map(\.name)
        } catch {
            throw CommandFailure("the preset cannot make a request of this: \(error)")
        }
    }

    private static func event(_ status: TerminalStatus, id: String) -> Event {
        let upstream = UpstreamName(trusted: "default")
        let response = ResponseID(trusted: id)
        return Event(
            id: EventID(upstream: upstream, response: response, type: status.eventType), type: status.eventType,
            createdAt: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)),
            watch: WatchID(upstream: upstream, response: response), upstream: upstream, response: response,
            data: (["id": .string(id)] as JSON).bytes)
    }

    private static func stand(in parameter: PresetParameter) -> String {
        switch parameter.kind {
        case .url, .baseURL: "https://\(parameter.name.split(separator: "_").joined(separator: "-")).example.com"
        case .flag: "false"
        case .integer: "1"
        case .text, .path: parameter.choices.first ?? parameter.name
        }
    }

    private static func masked(_ parameter: PresetParameter) -> String {
        switch parameter.kind {
        case .url, .baseURL: "https://\(redacted)"
        case .text, .flag, .integer, .path: redacted
        }
    }

    /// As `--json` prints it.
    var json: JSON {
        if let fields { return ["fields": .object(order.map { JSON.Member($0, .string(fields[$0] ?? "")) })] }
        return ["requests": .array(requests.map(\.json))]
    }

    /// As HTTP shows it, the body of JSON laid out for people.
    var text: String {
        if let fields { return order.map { "\($0):\n\(fields[$0] ?? "")" }.joined(separator: "\n\n") }
        return requests.map { request in
            let head =
                ["# \(request.kind.rawValue)", "\(request.method) \(request.url)"] + request.headers.map { "\($0.name): \($0.value)" }
            guard let body = request.body else { return head.joined(separator: "\n") }
            let pretty = (try? JSON(parsing: body))?.prettyText ?? String(decoding: body, as: UTF8.self)
            return head.joined(separator: "\n") + "\n\n" + pretty
        }.joined(separator: "\n\n")
    }
}
