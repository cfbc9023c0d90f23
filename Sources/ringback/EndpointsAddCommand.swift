import ArgumentParser
import RawJSON
import RingbackCore

struct EndpointsAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds an endpoint.",
        discussion: """
            Without a secret Ringback makes one and shows it this once.

            Try it:
              ringback endpoints add my-app --url https://app.example.com/hooks/ringback
              ringback endpoints add team-chat --preset slack

            On a terminal --preset asks for what the preset needs. Elsewhere give it with --with, and secrets from a file with --with-file:
            arguments show in process lists.
            """
    )

    @Argument(help: "A name: lower-case letters, digits, '.', '_' and '-'.")
    var name: String

    @Option(help: "The URL that gets signed POSTs.")
    var url: String?

    @Option(help: "An inbox directory on the server instead of a URL; an absolute path.")
    var inbox: String?

    @Option(help: "A chat, ticket or mail system instead; see 'ringback presets list'.")
    var preset: String?

    @Option(
        name: .customLong("with"), help: ArgumentHelp("A parameter of the preset; no secret. Repeat it for more.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(
        name: .customLong("with-file"),
        help: ArgumentHelp(
            "A parameter that stands in a file, such as a secret; or a path alone: a YAML or JSON file with several. Repeat it for more.",
            valueName: "name=path"))
    var parameterFiles: [String] = []

    @Option(help: "The whsec_ secret to sign with. Better: set RINGBACK_WEBHOOK_SECRET, which process lists do not show.")
    var secret: String?

    @Option(name: .customLong("event"), help: "An event to get, such as response.completed or watch.*; repeat it for more (response.*).")
    var events: [String] = []

    @Option(
        name: .customLong("match"),
        help: ArgumentHelp(
            "Only responses with this upstream, model, status or metadata.KEY; repeat it for more conditions, which must all hold.",
            valueName: "key=pattern"))
    var conditions: [String] = []

    @Option(help: "thin, full, cloudevents or cloudevents-binary.")
    var payload: String?

    @Option(name: .customLong("header"), help: ArgumentHelp("A header to send along; repeat it for more.", valueName: "name: value"))
    var headers: [String] = []

    @Option(help: "The whole attempt, such as 15s.")
    var timeout: String?

    @Option(help: "At most so many deliveries in a time, such as 50/s, 10/m or 1000/h.")
    var rateLimit: String?

    @Option(help: ArgumentHelp("A chat or a mailbox: one message for all that ends within such a time, such as 5m.", valueName: "duration"))
    var digestWindow: String?

    @Option(
        help: ArgumentHelp("A chat or a mailbox: so many events do not wait for more; 50 with --digest-window alone.", valueName: "count"))
    var digestMax: Int?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        do {
            _ = try EndpointName(validating: name)
        } catch {
            throw ValidationError("\(error)")
        }
        if [url, inbox, preset].count(where: { $0 != nil }) != 1 {
            throw ValidationError("an endpoint has either --url, --inbox or --preset: give one of them")
        }
        if preset == nil, !(parameters + parameterFiles).isEmpty { throw ValidationError("--with belongs to --preset") }
        if preset == nil, digestWindow != nil || digestMax != nil {
            throw ValidationError("--digest-window and --digest-max belong to a chat or a mailbox: give --preset")
        }
        for parameter in parameters where !parameter.dropFirst().contains("=") { throw ValidationError("--with takes 'name=value'") }
        for condition in conditions where !condition.dropFirst().contains("=") {
            throw ValidationError("--match takes 'key=pattern', such as model=gpt-* or metadata.team=search")
        }
        for header in headers where !header.contains(":") { throw ValidationError("--header takes 'Name: value'") }
    }

    func run() async throws {
        let with = try preset.map { try PresetQuestions(preset: $0, given: parameters, files: parameterFiles).answers() }
        try await APIClient.with(server) { client in
            try EndpointText.report(try await client.post("/v1/endpoints", body: request(with: with).bytes), output: output)
        }
    }

    private func request(with: [JSON.Member]?) -> JSON {
        var members: [JSON.Member] = [.init("name", .string(name))]
        let secret = url != nil ? secret ?? environmentVariable("RINGBACK_WEBHOOK_SECRET") : secret
        let texts = [
            ("url", url), ("inbox", inbox), ("preset", preset), ("secret", secret), ("payload", payload), ("timeout", timeout),
            ("rate_limit", rateLimit),
        ]
        for (name, value) in texts {
            if let value { members.append(.init(name, .string(value))) }
        }
        if let with { members.append(.init("with", .object(with))) }
        if digestWindow != nil || digestMax != nil {
            let window = digestWindow.map { JSON.Member("window", .string($0)) }
            let max = digestMax.map { JSON.Member("max", .integer(Int64($0))) }
            members.append(.init("digest", .object([window, max].compactMap(\.self))))
        }
        if !events.isEmpty { members.append(.init("events", .array(events.map { .string($0) }))) }
        if !conditions.isEmpty { members.append(.init("match", match)) }
        if !headers.isEmpty {
            let pairs = headers.map { header -> JSON.Member in
                let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return JSON.Member(String(parts[0]), .string(String(parts[1].drop { $0 == " " })))
            }
            members.append(.init("headers", .object(pairs)))
        }
        return .object(members)
    }

    /// Several statuses become a list; a key that is given twice is for the server to refuse.
    private var match: JSON {
        let pairs = conditions.map { condition -> (key: String, value: String) in
            let parts = condition.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        let statuses = pairs.filter { $0.key == "status" }.map { JSON.string($0.value) }
        var members = pairs.filter { $0.key != "status" }.map { JSON.Member($0.key, .string($0.value)) }
        if !statuses.isEmpty { members.append(.init("status", .array(statuses))) }
        return .object(members)
    }
}
