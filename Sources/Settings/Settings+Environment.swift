import Presets

extension Settings {
    /// The variables that make a configuration without a file (contract, section 3); each secret also with `_FILE` behind its name.
    package static let environmentVariables = [
        "RINGBACK_UPSTREAM_BASE_URL", "RINGBACK_UPSTREAM_API_KEY", "RINGBACK_WEBHOOK_URL", "RINGBACK_WEBHOOK_SECRET", "RINGBACK_INBOX",
        "RINGBACK_LISTEN", "RINGBACK_STORE", "RINGBACK_API_TOKEN", "RINGBACK_MASTER_KEY", "RINGBACK_PREVIOUS_MASTER_KEYS",
        "RINGBACK_UPSTREAM_API_KEY_FILE", "RINGBACK_WEBHOOK_URL_FILE", "RINGBACK_WEBHOOK_SECRET_FILE", "RINGBACK_API_TOKEN_FILE",
        "RINGBACK_MASTER_KEY_FILE", "RINGBACK_PREVIOUS_MASTER_KEYS_FILE",
    ]

    /// Builds the configuration from the environment alone: the upstream `default`, the endpoints `webhook` and `inbox`.
    ///
    /// The variables go through the very same checks as a file. An empty variable counts as unset.
    ///
    /// - Parameter readFile: Opens the files that `…_FILE` variables name.
    /// - Throws: All problems at once.
    package static func fromEnvironment(
        _ environment: [String: String], readFile: @escaping (String) throws -> String
    ) throws(SettingsErrors) -> Settings {
        let inspection = Inspection(readFile: readFile)
        let source = EnvironmentSource(environment, inspection: inspection)
        let root = Fields(source.entries, path: "", place: .file("environment"), inspection: inspection)
        let settings = Settings(reading: root, presets: try PresetLibrary.builtIn())
        source.reportMisspelt()
        try inspection.conclude(quoting: nil)
        return settings
    }
}

/// The environment in the form of a configuration file.
private struct EnvironmentSource {
    private let environment: [String: String]
    private let inspection: Inspection

    init(_ environment: [String: String], inspection: Inspection) {
        self.environment = environment.filter { !$0.value.isEmpty }
        self.inspection = inspection
    }

    var entries: [SourceEntry] {
        var entries = values([
            "listen": "RINGBACK_LISTEN", "store": "RINGBACK_STORE",
            "master_key": "RINGBACK_MASTER_KEY", "master_key_file": "RINGBACK_MASTER_KEY_FILE",
            "previous_master_keys": "RINGBACK_PREVIOUS_MASTER_KEYS",
            "previous_master_keys_file": "RINGBACK_PREVIOUS_MASTER_KEYS_FILE",
        ])
        entries.append(entry("upstreams", at: "RINGBACK_UPSTREAM_BASE_URL", upstreams))
        if let token = table(
            ["token": "RINGBACK_API_TOKEN", "token_file": "RINGBACK_API_TOKEN_FILE"], ["name": "environment", "scopes": "admin"])
        {
            entries.append(entry("tokens", at: "RINGBACK_API_TOKEN", .list([token])))
        }
        entries.append(entry("endpoints", at: "RINGBACK_WEBHOOK_URL", .list(endpoints)))
        return entries
    }

    private var upstreams: SourceValue.Content {
        let keys = [
            "base_url": "RINGBACK_UPSTREAM_BASE_URL", "api_key": "RINGBACK_UPSTREAM_API_KEY",
            "api_key_file": "RINGBACK_UPSTREAM_API_KEY_FILE",
        ]
        guard environment["RINGBACK_UPSTREAM_BASE_URL"] != nil, let upstream = table(keys, ["name": "default"]) else {
            inspection.report(
                "is not set, and there is no configuration file", at: .variable("RINGBACK_UPSTREAM_BASE_URL"), path: "",
                suggestion: "set it, for example to https://api.openai.com/v1, or write ./ringback.yaml"
            )
            return .unreadable
        }
        return .list([upstream])
    }

    private var endpoints: [SourceValue] {
        let webhook = [
            "url": "RINGBACK_WEBHOOK_URL", "url_file": "RINGBACK_WEBHOOK_URL_FILE",
            "secret": "RINGBACK_WEBHOOK_SECRET", "secret_file": "RINGBACK_WEBHOOK_SECRET_FILE",
        ]
        let hasURL = environment["RINGBACK_WEBHOOK_URL"] != nil || environment["RINGBACK_WEBHOOK_URL_FILE"] != nil
        if !hasURL, let secret = ["RINGBACK_WEBHOOK_SECRET", "RINGBACK_WEBHOOK_SECRET_FILE"].first(where: { environment[$0] != nil }) {
            inspection.report("is set, but RINGBACK_WEBHOOK_URL is not", at: .variable(secret), path: "", suggestion: "set both or none")
        }
        let endpoints = [hasURL ? table(webhook, ["name": "webhook"]) : nil, table(["inbox": "RINGBACK_INBOX"], ["name": "inbox"])]
        return endpoints.compactMap { $0 }
    }

    /// A mapping of what is set of `variables` and of fixed texts; `nil` when none of the variables is set.
    private func table(_ variables: [String: String], _ fixed: [String: String]) -> SourceValue? {
        let values = values(variables)
        guard let first = values.first else { return nil }
        let constants = fixed.map {
            SourceEntry(key: $0.key, place: first.place, value: SourceValue(place: first.place, content: .text($0.value)))
        }
        return SourceValue(place: first.place, content: .table(values + constants))
    }

    /// - Parameter variables: Key of the configuration to variable.
    private func values(_ variables: [String: String]) -> [SourceEntry] {
        variables.sorted { $0.key < $1.key }.compactMap { key, variable in
            environment[variable].map { entry(key, at: variable, .text($0)) }
        }
    }

    private func entry(_ key: String, at variable: String, _ content: SourceValue.Content) -> SourceEntry {
        SourceEntry(key: key, place: .variable(variable), value: SourceValue(place: .variable(variable), content: content))
    }

    /// A variable that nobody reads would be passed over in silence: at least those that are nearly one of ours are pointed out.
    func reportMisspelt() {
        let others: Set<String> = ["RINGBACK_SERVER", "RINGBACK_TOKEN"]
        for variable in environment.keys.sorted() where variable.hasPrefix("RINGBACK_") {
            guard !others.contains(variable), !Settings.environmentVariables.contains(variable) else { continue }
            guard let nearest = Spelling.nearest(to: variable, among: Settings.environmentVariables) else { continue }
            inspection.report("is unknown", at: .variable(variable), path: "", suggestion: "did you mean \(nearest)?")
        }
    }
}
