/// An answer with an error, as data.
struct Refusal: Error, Sendable, Hashable {
    var status: Int
    /// `{id}` and `{status}` are filled in.
    var message: String
    var code: String
    var param: String?
    /// Where this one differs from the vendor's other errors.
    var shape: ErrorShape?

    init(_ status: Int, _ message: String, code: String = "invalid_request_error", param: String? = nil, shape: ErrorShape? = nil) {
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.shape = shape
    }

    /// The same with `{name}` replaced.
    func filling(_ name: String, _ value: String) -> Refusal {
        var refusal = self
        // A stranger's id may be long; an error that repeats it need not be.
        refusal.message = message.replacing("{\(name)}", with: value.prefix(100))
        return refusal
    }
}

/// The shapes of error bodies.
enum ErrorShape: Sendable, Hashable {
    /// `{"error": {"message": …, "type": …, "param": …, "code": "…"}}`
    case object
    /// The same with the HTTP status as `code`.
    case integerCode
    /// `{"error": "…"}`
    case text
    /// `{"detail": "…"}`
    case detail
    /// `{"error": {"message": …}}`
    case messageOnly
}
