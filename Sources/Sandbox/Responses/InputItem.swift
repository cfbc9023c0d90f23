import RawJSON

/// The items of a request's `input`, as `GET /responses/{id}/input_items` lists them.
enum InputItem {
    /// Completes an item as it was sent: each has an id and a type, and a message's text becomes a part of its content.
    ///
    /// - Parameter id: For an item that brought none.
    static func stored(_ item: JSON, id: String) -> JSON {
        let type = item["type"]?.string ?? "message"
        var members: [JSON.Member] = [
            .init("id", item["id"].flatMap { $0.isNull ? nil : $0 } ?? .string(id)), .init("type", .string(type)),
        ]
        if type == "message" { members.append(.init("status", "completed")) }
        for member in item.members ?? [] where !members.contains(where: { $0.key == member.key }) {
            members.append(type == "message" && member.key == "content" ? content(member.value, of: item) : member)
        }
        return .object(members)
    }

    private static func content(_ value: JSON, of item: JSON) -> JSON.Member {
        guard let text = value.string else { return .init("content", value) }
        let type: JSON = item["role"]?.string == "assistant" ? "output_text" : "input_text"
        return .init("content", [["type": type, "text": .string(text)]])
    }
}
