import RawJSON
import RingbackCore

/// What the sandbox reads of a create call.
struct CreateRequest: Sendable {
    let model: String
    let background: Bool
    let stream: Bool
    let metadata: [String: String]
    /// `store`; `nil` when the call does not say.
    let store: Bool?
    /// `stream_events`
    let wantsStreamEvents: Bool
    /// `webhook_url` and `webhook_secret`
    let webhook: NativeWebhook?
    /// Who the call is for: `X-On-Behalf-Of`.
    let user: String?
    /// `input` as items: a text becomes one message of the user.
    let input: [JSON]
    /// The members that a response repeats as they were sent: instructions, tools and so on.
    let settings: [JSON.Member]
}

extension CreateRequest {
    /// More input items than this are refused.
    static let maximumInputItems = 10_000

    /// - Parameter user: What the call's `X-On-Behalf-Of` says.
    /// - Throws: ``InvalidCreateRequest`` with what to write instead. Values of a wrong type are errors: a script that is passed over in
    ///   silence would test nothing.
    init(json bytes: [UInt8], user: String? = nil) throws(InvalidCreateRequest) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw InvalidCreateRequest(code: "invalid_json", "The body is not a JSON object: \(error).")
        }
        guard let members = json.members else { throw InvalidCreateRequest(code: "invalid_json", "The body is not a JSON object.") }
        guard let name = json["model"], !name.isNull else {
            throw InvalidCreateRequest(code: "missing_required_parameter", "Missing required parameter: 'model'.")
        }
        guard let text = name.string else { throw InvalidCreateRequest(code: "invalid_type", "'model' has to be a string.") }
        model = text
        background = try Self.flag("background", of: json) ?? false
        stream = try Self.flag("stream", of: json) ?? false
        store = try Self.flag("store", of: json)
        wantsStreamEvents = try Self.flag("stream_events", of: json) ?? false
        webhook = try Self.webhook(of: json)
        self.user = user
        metadata = try Self.metadata(of: json)
        input = try Self.input(of: json)
        settings = members.filter { ResponseDocument.settings[$0.key] != nil }
    }

    private static func flag(_ name: String, of json: JSON) throws(InvalidCreateRequest) -> Bool? {
        guard let value = json[name], !value.isNull else { return nil }
        guard let flag = value.bool else { throw InvalidCreateRequest(code: "invalid_type", "'\(name)' has to be true or false.") }
        return flag
    }

    private static func metadata(of json: JSON) throws(InvalidCreateRequest) -> [String: String] {
        guard let value = json["metadata"], !value.isNull else { return [:] }
        guard let members = value.members else { throw InvalidCreateRequest(code: "invalid_type", "'metadata' has to be an object.") }
        var metadata: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else {
                throw InvalidCreateRequest(
                    code: "invalid_type", "metadata '\(member.key)' has to be a string: write its value in double quotes.")
            }
            metadata[member.key] = text
        }
        return metadata
    }

    private static func webhook(of json: JSON) throws(InvalidCreateRequest) -> NativeWebhook? {
        guard let url = json["webhook_url"], !url.isNull else { return nil }
        guard let url = url.string, url.hasPrefix("http") else {
            throw InvalidCreateRequest(code: "invalid_type", "'webhook_url' has to be an http or https URL.")
        }
        let secret = json["webhook_secret"].flatMap { $0.isNull ? nil : $0 }
        guard secret == nil || secret?.string?.isEmpty == false else {
            throw InvalidCreateRequest(code: "invalid_type", "'webhook_secret' has to be a string that is not empty.")
        }
        return NativeWebhook(url: url, secret: secret?.string.map { Secret($0) })
    }

    private static func input(of json: JSON) throws(InvalidCreateRequest) -> [JSON] {
        switch json["input"] {
        case nil, .null?: return []
        case .string(let text)?: return [["role": "user", "content": .string(text)]]
        case .array(let items)? where items.count <= maximumInputItems && items.allSatisfy { $0.members != nil }: return items
        case _?: throw InvalidCreateRequest(code: "invalid_type", "'input' has to be a string or up to \(maximumInputItems) objects.")
        }
    }
}

/// Why a create call's body cannot be used.
struct InvalidCreateRequest: Error, Sendable {
    /// The word programs go by.
    let code: String
    let message: String

    init(code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}
