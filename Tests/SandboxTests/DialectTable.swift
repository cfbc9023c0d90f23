import Testing

/// What one vendor answers, side by side with the others: the table that the dialects have to agree with.
struct DialectRow: Sendable, CustomTestStringConvertible {
    /// What is answered where a stream was asked for.
    enum Stream: Sendable {
        case events
        case json
        case nothing
        case refused(Int)
    }

    let vendor: String
    /// A regular expression.
    let id: String
    var created = 200
    var firstStatus = "queued"
    /// The first events of a response created with `background` and `stream`; empty where there is no such stream.
    let opening: [String]
    /// `GET ?stream=true` of a response that was created without `stream`.
    let polled: Stream
    /// Cancelling a running response, once more, a completed one, and one in the foreground.
    let cancel: [Int]
    /// The status after a cancel, once it has had its effect.
    var cancelled: String? = "cancelled"
    /// GET of an id that this vendor could have given, and of `nonsense`.
    var unknown = [404, 404]
    /// The members of the body of the first of these answers, and of its `error`.
    let error: [String]
    var delete = 200

    var testDescription: String { vendor }

    private static let object = ["error", "message", "type", "param", "code"]
    private static let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    static let all: [DialectRow] = [
        DialectRow(
            vendor: "mka1", id: "resp[-_][a-zA-Z0-9]+", opening: ["queued", "created", "in_progress"], polled: .events,
            cancel: [200, 200, 400, 400], error: object),
        DialectRow(
            vendor: "openai", id: "resp_[0-9a-f]{50}", opening: ["created", "queued", "in_progress"], polled: .refused(400),
            cancel: [200, 200, 400, 400], error: object),
        DialectRow(
            vendor: "azure", id: "resp_[0-9a-f]{50}", opening: ["created", "queued", "in_progress"], polled: .refused(400),
            cancel: [200, 200, 400, 400], error: object),
        DialectRow(
            vendor: "azure-agents", id: "caresp_[0-9A-Za-z]{50}", firstStatus: "in_progress",
            opening: ["created", "in_progress", "output_item.added"], polled: .refused(400), cancel: [200, 200, 400, 400],
            unknown: [404, 400], error: object),
        DialectRow(
            vendor: "perplexity", id: "resp_[0-9a-f]+", opening: ["created", "in_progress", "reasoning.started"], polled: .refused(400),
            cancel: [200, 400, 400, 400], error: object),
        DialectRow(
            vendor: "vllm", id: "resp_[0-9a-f]{16}", opening: ["created", "in_progress", "output_item.added"], polled: .nothing,
            cancel: [200, 400, 400, 400], error: object, delete: 405),
        DialectRow(
            vendor: "litellm", id: "litellm_poll_" + uuid, opening: [], polled: .json, cancel: [200, 200, 200, 200],
            cancelled: "completed", unknown: [404, 400], error: ["detail"]),
        DialectRow(
            vendor: "litellm-native", id: "resp_[-_=0-9A-Za-z]{448}", opening: ["created", "queued", "in_progress"], polled: .json,
            cancel: [200, 200, 400, 400], unknown: [400, 400], error: object),
        DialectRow(vendor: "ogx", id: "resp_" + uuid, opening: [], polled: .json, cancel: [200, 200, 409, 409], error: ["detail"]),
        DialectRow(
            vendor: "llama-stack", id: "resp_" + uuid, opening: [], polled: .json, cancel: [409, 409, 409, 409], cancelled: nil,
            error: ["detail"]),
        DialectRow(
            vendor: "sglang", id: "resp_[0-9a-f]+", opening: ["queued", "created", "in_progress"], polled: .json,
            cancel: [200, 200, 200, 400], unknown: [404, 400], error: object),
        DialectRow(
            vendor: "mistralrs", id: "resp_" + uuid, opening: ["queued", "created", "in_progress"], polled: .json,
            cancel: [200, 200, 404, 400], cancelled: "completed", error: object),
        DialectRow(
            vendor: "databricks", id: "resp_[0-9a-f]+", opening: ["queued", "created", "in_progress"], polled: .events,
            cancel: [501, 501, 501, 400], cancelled: nil, error: ["detail"]),
        DialectRow(
            vendor: "sail", id: "resp_[0-9a-f]+", created: 202, firstStatus: "pending", opening: [], polled: .json,
            cancel: [200, 200, 400, 400], error: object),
    ]
}
