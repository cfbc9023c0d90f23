import RingbackCore

extension Upstream {
    /// Reads one element of `upstreams`.
    ///
    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let name = fields.name(example: "default", UpstreamName.init(validating:))
        let baseURL = Self.baseURL(in: fields)
        let createPath = Self.createPath(in: fields)
        let apiKey = fields.headerSecret("api_key")
        let credentials = fields.choice("credentials", default: Credentials.own)
        let apiKeyHeader = Self.apiKeyHeader(in: fields, credentials: credentials)
        let idempotentCreates = fields.flag("idempotent_creates")
        let headers = fields.headers(
            reserved: Self.reservedHeaders(apiKey: fields.has("api_key") || fields.has("api_key_file"), apiKeyHeader))
        let follow = fields.choice("follow", default: Following.stream)
        let streamIdleTimeout = fields.duration("stream_idle_timeout", default: .seconds(90), in: .milliseconds(100) ... .seconds(86_400))
        let (interval, maximumInterval) = Self.poll(in: fields)
        let maximumStreams = fields.integer("max_streams", default: 10_000, in: 1...1_000_000)
        let requestsPerSecond = fields.number("requests_per_second", default: 50, in: 0.01...100_000)
        let maximumWatchAge = fields.duration("max_watch_age", default: .seconds(86_400), in: .seconds(1) ... .seconds(365 * 86_400))
        let stalledAfter = fields.duration("stalled_after", default: .seconds(1800), in: .seconds(1) ... .seconds(365 * 86_400))
        let notFoundGrace = fields.duration("not_found_grace", default: .seconds(30), in: .zero ... .seconds(86_400))
        let manners = FixedManners(reading: fields.fields("manners"))
        let caFile = fields.readableFile("ca_file")
        let ingest = fields.fields("ingest").flatMap { WebhookScheme(reading: $0) }
        fields.finish()
        guard let name, let baseURL else { return nil }
        self.init(
            name: name, baseURL: baseURL, createPath: createPath, apiKey: apiKey, apiKeyHeader: apiKeyHeader, headers: headers,
            follow: follow,
            streamIdleTimeout: streamIdleTimeout, pollInterval: interval, pollMaximumInterval: maximumInterval,
            maximumStreams: maximumStreams,
            requestsPerSecond: requestsPerSecond, maximumWatchAge: maximumWatchAge, stalledAfter: stalledAfter,
            notFoundGrace: notFoundGrace, manners: manners,
            caFile: caFile, ingest: ingest, credentials: credentials, idempotentCreates: idempotentCreates
        )
    }

    private static func baseURL(in fields: Fields) -> String? {
        guard fields.has("base_url") || fields.has("base_url_file") else {
            fields.allow("base_url")
            fields.reportMissing("base_url", example: "https://api.openai.com/v1")
            return nil
        }
        guard let url = fields.url("base_url") else { return nil }
        let (base, query) = split(url.text)
        guard !base.hasSuffix("/responses") else {
            // Every call adds it: the request would go to …/responses/responses and be answered with 404.
            fields.report(
                "ends with /responses, which Ringback adds itself", at: "base_url",
                suggestion: "write \(url.redacted.dropSlashes().dropLast(10))")
            return nil
        }
        return base + query
    }

    private static func createPath(in fields: Fields) -> String? {
        guard let path = fields.text("create_path") else { return nil }
        // The same rules as for the base URL it is put behind. Which of them is broken shows in a text this short, whatever the error says.
        let url = try? HTTPURL(validating: "https://host" + path)
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"), let url, url.query == nil, !segments.contains(where: { ["", ".", ".."].contains($0) }) else {
            fields.report(
                "'\(path)' is not a path below base_url", at: "create_path",
                suggestion: "write for example /agent; a query belongs to base_url")
            return nil
        }
        return path
    }

    /// The URL up to its query, without slashes at the end, and the query with its `?`.
    private static func split(_ url: String) -> (base: String, query: String) {
        let question = url.firstIndex(of: "?") ?? url.endIndex
        return (String(url[..<question].dropSlashes()), String(url[question...]))
    }

    private static func apiKeyHeader(in fields: Fields, credentials: Credentials) -> String? {
        guard let header = fields.text("api_key_header") else { return nil }
        guard HeaderText.isName(header) else {
            fields.report("'\(header)' is not the name of a header", at: "api_key_header", suggestion: "write for example api-key")
            return nil
        }
        if let reason = HeaderText.framing[header.lowercased()] {
            fields.report("Ringback sets '\(header)' itself", at: "api_key_header", suggestion: reason)
            return nil
        }
        if !fields.has("api_key"), !fields.has("api_key_file"), credentials == .own {
            fields.report("there is no 'api_key' to send in it", at: "api_key_header", suggestion: "write api_key: ${API_KEY}")
        }
        return header
    }

    private static func reservedHeaders(apiKey: Bool, _ apiKeyHeader: String?) -> [String: String] {
        var reserved = HeaderText.framing
        if apiKey { reserved[(apiKeyHeader ?? "Authorization").lowercased()] = "it carries the api_key: keep one of them" }
        return reserved
    }

    private static func poll(in fields: Fields) -> (interval: Duration, maximum: Duration) {
        let defaults = (interval: Duration.seconds(2), maximum: Duration.seconds(30))
        guard let poll = fields.fields("poll") else { return defaults }
        let range: ClosedRange<Duration> = .milliseconds(10) ... .seconds(86_400)
        let interval = poll.duration("interval", default: defaults.interval, in: range)
        let maximum = poll.duration("max_interval", default: max(defaults.maximum, interval), in: range)
        poll.finish()
        if maximum < interval {
            poll.report(
                "\(maximum.text) is less than the interval of \(interval.text)", at: "max_interval",
                suggestion: "write \(interval.text) or more")
        }
        return (interval, maximum)
    }
}

extension StringProtocol {
    fileprivate func dropSlashes() -> SubSequence {
        self[..<(lastIndex { $0 != "/" }.map { index(after: $0) } ?? startIndex)]
    }
}
