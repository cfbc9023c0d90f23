import Foundation
import Presets
import RawJSON

/// What the texts of a system are made of, and what in them would be more than text.
enum Markup {
    /// Text and nothing else.
    case plain
    case slack
    case discord
    case html
    /// Markdown in which everything foreign stands in code.
    case code
    /// Markdown with backslashes, and code.
    case commonmark
    case wiki

    static let of: [String: Markup] = [
        "slack": .slack, "slack-api": .slack, "discord": .discord, "microsoft-teams": .plain, "mattermost": .code, "rocket-chat": .code,
        "google-chat": .html, "matrix": .html, "telegram": .html, "zulip": .code, "ntfy": .plain, "gotify": .plain, "pushover": .plain,
        "pagerduty": .plain, "opsgenie": .plain, "github-issue": .commonmark, "gitlab-issue": .commonmark, "gitea-issue": .commonmark,
        "jira": .plain, "jira-server": .wiki, "linear": .commonmark, "servicenow": .plain, "zendesk": .plain, "redmine": .commonmark,
        "request-tracker": .plain, "alertmanager": .plain, "rabbitmq": .plain, "email": .plain,
    ]

    /// Members whose texts have markup; in all others it is shown as it is.
    private var keys: Set<String> {
        switch self {
        case .plain, .slack: []
        case .discord: ["title", "description", "content"]
        case .html: ["formatted_body", "text"]
        case .code: ["text", "content"]
        case .commonmark: ["body", "description", "text", "notes"]
        case .wiki: ["description", "body"]
        }
    }

    /// - Returns: What is wrong with the texts of a request, each with the member it stands in.
    func troubles(in request: RenderedRequest) throws -> [String] {
        // Whether a text of Slack's has markup is said beside it, and not by its name.
        if case .slack = self { return SlackMarkup.troubles(in: try JSON(parsing: request.body ?? [])) }
        return try Rendering.texts(of: request).compactMap { key, text in trouble(in: text, key: key).map { "\(key): \($0)" } }
    }

    private func trouble(in text: String, key: String) -> String? {
        guard keys.contains(key) else { return nil }
        switch self {
        case .plain, .slack: return nil
        case .discord: return first(of: ["@everyone", "@here", "[click](", "https://evil"], in: text)
        case .html: return htmlTrouble(in: text)
        case .code: return first(of: ["@everyone", "@here", "<!channel>", "https://evil", "[click]("], in: Self.withoutCode(text))
        case .commonmark:
            return first(
                of: ["@octocat", "@everyone", "https://evil", "www.evil", "[click](", "<script", "\n/close", "\n# heading"],
                in: Self.withoutCode(text))
        case .wiki: return first(of: ["[~admin]", "{code}{code}", "!img.png!"], in: Self.withoutWikiBlocks(text))
        }
    }

    private func first(of signs: [String], in text: String) -> String? {
        signs.first { text.contains($0) }.map { "'\($0)' is live" }
    }

    /// Every `<` begins a tag that a preset wrote, and every tag that is opened is closed.
    private func htmlTrouble(in text: String) -> String? {
        let known = ["b", "/b", "pre", "/pre", "p", "/p", "strong", "/strong", "small", "/small", "/a"]
        var open: [Substring] = []
        for part in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
            guard let end = part.firstIndex(of: ">") else { return "a tag is cut" }
            let tag = part[..<end]
            guard known.contains(String(tag)) || tag.hasPrefix("a href=\"https://ringback.example.com") else { return "<\(tag)> is live" }
            if tag.hasPrefix("/") {
                guard let last = open.popLast(), last.hasPrefix(tag.dropFirst()) else { return "<\(tag)> closes nothing" }
            } else {
                open.append(tag)
            }
        }
        let entity = /&(?!(amp|lt|gt|quot|#39);)/
        if text.contains(entity) { return "an entity is cut" }
        return open.isEmpty ? nil : "<\(open[0])> is not closed"
    }

    /// What CommonMark shows outside of code: fences and spans are closed by runs of the very same kind.
    static func withoutCode(_ text: String) -> String {
        var result: [String] = []
        var fence: Int?
        for line in text.components(separatedBy: "\n") {
            let ticks = line.prefix { $0 == "`" }.count
            if let length = fence {
                if ticks >= length, line.dropFirst(ticks).allSatisfy({ $0 == " " }) { fence = nil }
                continue
            }
            if ticks >= 3, !line.dropFirst(ticks).contains("`") {
                fence = ticks
                continue
            }
            result.append(withoutSpans(line))
        }
        return (fence == nil ? "" : "https://evil: a fence is not closed ") + result.joined(separator: "\n")
    }

    private static func withoutSpans(_ line: String) -> String {
        var result = ""
        var rest = Substring(line)
        while let start = rest.firstIndex(of: "`") {
            let ticks = rest[start...].prefix { $0 == "`" }.count
            // A backslash before the first takes its meaning.
            if start > rest.startIndex, rest[rest.index(before: start)] == "\\" {
                result += rest[...start]
                rest = rest[rest.index(after: start)...]
                continue
            }
            result += rest[..<start]
            var search = rest[rest.index(start, offsetBy: ticks)...]
            var isClosed = false
            while let next = search.firstIndex(of: "`") {
                let length = search[next...].prefix { $0 == "`" }.count
                search = search[search.index(next, offsetBy: length)...]
                if length == ticks {
                    isClosed = true
                    break
                }
            }
            rest = isClosed ? search : rest[rest.index(start, offsetBy: ticks)...]
        }
        return result + rest
    }

    private static func withoutWikiBlocks(_ text: String) -> String {
        text.components(separatedBy: "{noformat}").enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined()
    }
}
