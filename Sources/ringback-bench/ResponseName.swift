/// The ids of the benchmark's responses: as long as a vendor's, with a number at the end that needs no table to be found again.
enum ResponseName {
    private static let prefix = "resp_"
    private static let fill = String(repeating: "0", count: 40)
    private static let digits = 8

    static func id(of number: Int) -> String {
        let text = String(number)
        return prefix + fill + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// - Returns: `nil` when `id` is none of ours.
    static func number(of id: some StringProtocol) -> Int? {
        guard id.hasPrefix(prefix), id.utf8.count == prefix.utf8.count + fill.utf8.count + digits else { return nil }
        return Int(id.suffix(digits))
    }
}
