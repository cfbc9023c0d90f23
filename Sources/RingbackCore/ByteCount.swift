/// A number of bytes as people write it: `512KiB`, `32MiB`, `1GB`.
package struct ByteCount: Sendable, Hashable, Comparable {
    package let bytes: Int

    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
    ]

    package init(_ bytes: Int) {
        self.bytes = bytes
    }

    /// Reads a size with its unit, in any case: `KiB`, `MiB` and `GiB` by 1024, `kB`, `MB` and `GB` by 1000, and `B`; `1.5MiB` too.
    ///
    /// - Returns: `nil` when the unit is missing or unknown, the number is malformed, or it is more than 1024 GiB.
    package init?(text: String) {
        let lowered = text.lowercased()
        guard let unit = Self.units.first(where: { lowered.hasSuffix($0.suffix.lowercased()) }) else { return nil }
        let number = lowered.dropLast(unit.suffix.count)
        guard number.first?.isNumber == true, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(number)
        else { return nil }
        let bytes = value * Double(unit.bytes)
        guard bytes <= Double(1 << 40) else { return nil }
        self.bytes = Int(bytes.rounded())
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool {
        left.bytes < right.bytes
    }

    /// The shortest form that ``init(text:)`` reads back as the same.
    package var text: String {
        let fitting = bytes == 0 ? [] : Self.units.filter { bytes % $0.bytes == 0 }
        guard let largest = fitting.max(by: { $0.bytes < $1.bytes }) else { return "\(bytes)B" }
        return "\(bytes / largest.bytes)\(largest.suffix)"
    }
}
