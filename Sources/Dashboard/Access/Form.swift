import Control

/// What a form or a query holds (`application/x-www-form-urlencoded`). What is broken is as if it were not there.
struct Form {
    private let values: [String: String]

    init(_ text: some StringProtocol) {
        var values: [String: String] = [:]
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = pair.count == 2 ? PercentEncoding.decode(pair[1], plusIsSpace: true) : ""
            else { continue }
            values[name] = values[name] ?? value
        }
        self.values = values
    }

    init(_ body: [UInt8]) {
        self.init(String(decoding: body, as: UTF8.self))
    }

    /// `nil` when it is absent or empty.
    subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Those of the given names that have a value, as a query.
    func query(_ names: [String]) -> String {
        names.compactMap { name in self[name].map { "\(name)=\(PercentEncoding.encode($0))" } }.joined(separator: "&")
    }
}
