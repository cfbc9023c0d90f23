import APIDescription
package import RawJSON

/// The API's description, held against what a server really answers.
package struct DescribedAPI: Sendable {
    /// A path of the description with its operations.
    package struct Path: Sendable {
        /// Such as `/v1/watches/{id}`.
        package let template: String
        /// In lower case.
        package let methods: [String]
        fileprivate let item: JSON
    }

    package static let shared = DescribedAPI()

    package let document: JSON
    package let paths: [Path]

    private init() {
        // A description that is no JSON describes nothing, and every check says so.
        document = (try? JSON(parsing: APIDescription.json)) ?? .null
        let methods: Set = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]
        paths = (document["paths"]?.members ?? []).map { member in
            let keys = (member.value.members ?? []).map(\.key).filter { methods.contains($0) }
            return Path(template: member.key, methods: keys, item: member.value)
        }
    }

    /// The path of the description that a request's path means; the one with the fewest parameters when several could.
    package func path(of path: String) -> Path? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return paths.filter { Self.matches(segments, $0.template) }.min { Self.parameters($0.template) < Self.parameters($1.template) }
    }

    /// What an answer is that the description does not say, in sentences; empty when all is as described.
    package func problems(method: String, target: String, status: Int, contentType: String?, body: [UInt8]) -> [String] {
        var path = String(target.prefix { $0 != "?" })
        if path.count > 1, path.hasSuffix("/") { path.removeLast() }
        // What cannot be read as a request at all is refused by the server before there is an API.
        if status == 400, contentType == nil, body.isEmpty { return [] }
        guard let described = self.path(of: path) else { return status == 404 || status == 400 ? [] : ["\(path) is not described"] }
        let verb = method == "HEAD" ? "get" : method.lowercased()
        guard described.methods.contains(verb), let operation = described.item[verb] else {
            return status == 405 ? [] : ["\(method) \(path) is not described"]
        }
        let responses = operation["responses"]
        let found = responses?["\(status)"] ?? responses?["\(status / 100)XX"] ?? responses?["default"]
        guard let response = found.map(resolve) else { return ["\(method) \(described.template) is not said to answer \(status)"] }
        guard method != "HEAD" else { return [] }
        let media = contentType.map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let content = response["content"]?.members else {
            return body.isEmpty || responses?["\(status)"] == nil ? [] : ["\(method) \(described.template) is not said to have a body"]
        }
        if content.contains(where: { $0.key == "*/*" }) { return [] }
        guard let schema = content.first(where: { $0.key == media })?.value["schema"] else {
            return ["\(method) \(described.template) is not said to answer \(status) as '\(media)'"]
        }
        guard media.hasSuffix("json") else { return [] }
        guard let value = try? JSON(parsing: body) else { return ["\(method) \(described.template) answered no JSON"] }
        return SchemaCheck(self).problems(of: value, schema, at: "").map { "\(method) \(described.template) \(status): \($0)" }
    }

    /// What of a value is not as a schema of the document says.
    package func problems(of value: JSON, by schema: JSON) -> [String] {
        SchemaCheck(self).problems(of: value, schema, at: "")
    }

    /// Follows a reference within the document.
    func resolve(_ value: JSON) -> JSON {
        guard let reference = value["$ref"]?.string, reference.hasPrefix("#/") else { return value }
        var found: JSON? = document
        for name in reference.dropFirst(2).split(separator: "/") { found = found?[String(name)] }
        return found.map(resolve) ?? .null
    }

    private static func matches(_ segments: [Substring], _ template: String) -> Bool {
        let parts = template.split(separator: "/", omittingEmptySubsequences: false)
        let takesRest = parts.last == "{rest}"
        guard takesRest ? segments.count >= parts.count : segments.count == parts.count else { return false }
        return zip(segments, parts).allSatisfy { segment, part in part.hasPrefix("{") ? !segment.isEmpty : segment == part }
    }

    private static func parameters(_ template: String) -> Int {
        template.count { $0 == "{" } + (template.hasSuffix("{rest}") ? 100 : 0)
    }
}
