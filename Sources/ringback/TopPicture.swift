import RingbackCore

/// The lines of `ringback top`. Pure: a snapshot and a size in, lines out, none of them wider than the terminal, and nothing in them that
/// moves its cursor.
struct TopPicture {
    struct Line: Hashable {
        enum Style: Hashable {
            case plain
            case title
            case heading
            /// Somebody should look at this.
            case alarm
        }

        let text: String
        let style: Style

        init(_ text: String, _ style: Style = .plain) {
            self.text = text
            self.style = style
        }
    }

    /// Below this there is no picture, only as much of it as fits.
    static let narrow = 60

    let lines: [Line]

    /// - Parameters:
    ///   - trouble: Why the snapshot is an old one; `nil` when it is fresh.
    ///   - rows: How many lines there is room for; `nil` for all.
    init(_ snapshot: TopSnapshot, trouble: String? = nil, columns: Int, rows: Int? = nil) {
        var lines = Self.head(snapshot, trouble: trouble)
        let endpoints = Self.endpoints(snapshot.endpoints, columns: columns)
        let rings = Self.rings(snapshot.rings, now: snapshot.now, columns: columns)
        // What rang gets what the endpoints leave, and at least a third of the room.
        let room = rows.map { max(0, $0 - lines.count) } ?? (endpoints.count + rings.count)
        let forRings = min(rings.count, max(room / 3, room - endpoints.count))
        lines += Self.shortened(endpoints, to: room - forRings, "endpoints")
        lines += rings.prefix(forRings)
        self.lines = lines.prefix(rows ?? lines.count).map { Line(Columns.fit($0.text, to: columns), $0.style) }
    }

    /// Plain text, for what is no terminal.
    var text: String {
        lines.map { line in
            var text = line.text[...]
            while text.last == " " { text.removeLast() }
            return String(text)
        }.joined(separator: "\n")
    }

    // MARK: Head

    private static func head(_ snapshot: TopSnapshot, trouble: String?) -> [Line] {
        let up = snapshot.upSince.map { "  up \((snapshot.now - $0).clockText)" } ?? ""
        let clock = snapshot.now.rfc3339.dropFirst(11).prefix(8)
        let title = Printable.line("ringback \(snapshot.version)  \(snapshot.server)\(up)  \(clock)Z")
        var lines = [Line(title, .title)]
        if let trouble { lines.append(Line(Printable.line("not fresh: \(trouble)"), .alarm)) }
        lines += [Line(watches(snapshot)), Line(traffic(snapshot)), stock(snapshot), Line("")]
        return lines
    }

    private static func watches(_ snapshot: TopSnapshot) -> String {
        func count(_ name: String, in counts: [String: Int]) -> Int { counts[name] ?? 0 }
        let all = snapshot.following.values.reduce(0, +)
        return """
            watches   \(all) open: \(count("queued", in: snapshot.statuses)) queued, \
            \(count("in_progress", in: snapshot.statuses)) in progress; \
            \(count("stream", in: snapshot.following)) streamed, \(count("poll", in: snapshot.following)) polled\
            \(count("none", in: snapshot.following) > 0 ? ", \(count("none", in: snapshot.following)) without an upstream" : "")
            """
    }

    private static func traffic(_ snapshot: TopSnapshot) -> String {
        guard let rates = snapshot.rates else { return "traffic   …" }
        return
            "traffic   \(rate(rates.endings)) ended, \(rate(rates.delivered)) delivered, \(rate(rates.failed)) attempts failed, per second"
    }

    private static func stock(_ snapshot: TopSnapshot) -> Line {
        let dead = "\(snapshot.deadLetters)\(snapshot.moreDeadLetters ? "+" : "")"
        let memory = snapshot.residentBytes > 0 ? ", \(snapshot.residentBytes >> 20) MiB" : ""
        let unwritten = snapshot.unwrittenEndings > 0 ? ", \(snapshot.unwrittenEndings) ends not on disk" : ""
        return Line(
            "stock     \(dead) dead letters, \(snapshot.streams) streams, \(snapshot.waitingRequests) requests waiting\(unwritten)\(memory)",
            snapshot.deadLetters > 0 || snapshot.unwrittenEndings > 0 ? .alarm : .plain)
    }

    private static func rate(_ value: Double) -> String {
        if value == 0 { return "0" }
        let tenths = Int((value * 10).rounded())
        return value >= 100 ? "\(Int(value.rounded()))" : "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: Tables

    private static func endpoints(_ rows: [TopSnapshot.EndpointRow], columns: Int) -> [Line] {
        guard !rows.isEmpty else { return [Line("No endpoints."), Line("")] }
        let isNarrow = columns < narrow
        let name = width(of: ["ENDPOINT"] + rows.map(\.name), atMost: isNarrow ? 16 : max(16, columns - 50))
        func line(_ cells: [String]) -> String {
            let ends = [Columns.pad(cells[0], to: name)] + (isNarrow ? [] : [Columns.pad(cells[1], to: 12)])
            return
                (ends + [
                    Columns.pad(cells[2], to: 9), Columns.padLeft(cells[3], to: 7), Columns.padLeft(cells[4], to: 8),
                    Columns.padLeft(cells[5], to: 7),
                ]).joined(separator: " ")
        }
        let heading = Line(line(["ENDPOINT", "KIND", "BREAKER", "SUCCESS", "ATTEMPTS", "OLDEST"]), .heading)
        return [heading]
            + rows.map { row in
                Line(
                    line([
                        Printable.line(row.name), Printable.line(row.kind), Printable.line(row.state),
                        row.successRate.map { "\(Int(($0 * 100).rounded(.down))) %" } ?? "-", "\(row.attempts)",
                        row.queueAge > .zero ? row.queueAge.clockText : "-",
                    ]), row.trouble > 1 ? .alarm : .plain)
            } + [Line("")]
    }

    private static func rings(_ rings: [TopSnapshot.Ring], now: Timestamp, columns: Int) -> [Line] {
        guard !rings.isEmpty else { return [Line("Nothing has rung yet.")] }
        let type = width(of: ["EVENT"] + rings.map(\.type), atMost: 24)
        let upstream = columns < narrow ? 0 : width(of: ["UPSTREAM"] + rings.map(\.upstream), atMost: 16)
        func line(_ ago: String, _ kind: String, _ origin: String, _ response: String) -> String {
            let cells =
                [Columns.padLeft(ago, to: 8), Columns.pad(kind, to: type)] + (upstream > 0 ? [Columns.pad(origin, to: upstream)] : [])
            return (cells + [response]).joined(separator: "  ")
        }
        return [Line(line("AGO", "EVENT", "UPSTREAM", "RESPONSE"), .heading)]
            + rings.map { ring in
                let text = line(
                    (now - ring.at).clockText, Printable.line(ring.type), Printable.line(ring.upstream), Printable.line(ring.response))
                return Line(text, ring.type == "response.completed" ? .plain : .alarm)
            }
    }

    private static func width(of cells: [String], atMost maximum: Int) -> Int {
        min(maximum, cells.map { Columns.count(Printable.line($0)) }.max() ?? 0)
    }

    /// As many as there is room for, with a line that says how many are not there. The last line is a blank one.
    private static func shortened(_ lines: [Line], to room: Int, _ what: String) -> [Line] {
        guard lines.count > room else { return lines }
        guard room > 2 else { return Array(lines.prefix(max(0, room))) }
        let shown = Array(lines.prefix(room - 2))
        return shown + [Line("… \(lines.count - 1 - shown.count) more \(what)"), Line("")]
    }
}
