import RingbackCore

/// Rows in aligned columns, for people.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    mutating func add(_ row: String...) {
        rows.append(row.map { Printable.text($0) })
    }

    func text() -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            let cells = row.indices.map { column in
                // The last column needs no padding: blanks at a line's end only make it wrap.
                column == row.count - 1 ? row[column] : row[column].padded(to: widths[column])
            }
            return cells.joined(separator: "  ").trimmingEnd
        }.joined(separator: "\n")
    }
}

/// Names and values in two columns, for people.
struct FieldList {
    private var fields: [(name: String, value: String)] = []

    /// An absent value is left out.
    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { fields.append((name, Printable.text(value))) }
    }

    func text() -> String {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { "\($0.name.padded(to: width))  \($0.value)" }.joined(separator: "\n")
    }
}

/// Text of strangers made safe for a terminal: what could move its cursor or colour its letters becomes visible instead.
enum Printable {
    static func text(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// The same for text that must stay in its line.
    static func line(_ text: String) -> String {
        String(Printable.text(text).map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\n" || scalar == "\t" { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate: true
        default: false
        }
    }
}

/// Times as people read them: the day only when it is not today.
enum ShortTime {
    static func text(_ time: Timestamp?, now: Timestamp) -> String {
        guard let time else { return "-" }
        let full = time.rfc3339
        let day = full.prefix(10)
        let clock = full.dropFirst(11).prefix(8)
        return day == now.rfc3339.prefix(10) ? "\(clock)Z" : "\(day) \(clock)Z"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
