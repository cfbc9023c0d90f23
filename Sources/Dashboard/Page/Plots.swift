import Control
import RingbackCore

/// Small plots, drawn as they are sent. What they show is also said in words.
enum Plot {
    private static let width = 240
    private static let height = 40

    /// The attempts of the last hour, minute by minute: how many succeeded and failed.
    static func attempts(_ minutes: [AttemptHistory.Minute]) -> HTML {
        let most = minutes.map(\.attempts).max() ?? 0
        guard most > 0 else { return .nothing }
        let bars = minutes.enumerated().map { number, minute -> HTML in
            let failed = tall(minute.failed, of: most)
            let all = tall(minute.attempts, of: most)
            return """
                \(bar("good", number, from: height - all, to: height - failed))\(bar("bad", number, from: height - failed, to: height))
                """
        }
        return svg(summary(minutes), bars)
    }

    /// The mean time of an attempt, minute by minute.
    static func latency(_ minutes: [AttemptHistory.Minute]) -> HTML {
        let times = minutes.map { $0.meanTime.map { max($0.inSeconds * 1000, 0.1) } }
        guard let most = times.compactMap(\.self).max() else { return .nothing }
        let bars = times.enumerated().map { number, time -> HTML in
            time.map { bar("busy", number, from: height - max(1, Int(Double(height) * $0 / most)), to: height) } ?? ""
        }
        return svg("Mean time of an attempt by the minute over the last hour; at most \(HTML.milliseconds(most)).", bars)
    }

    static func summary(_ minutes: [AttemptHistory.Minute]) -> String {
        let attempts = minutes.reduce(0) { $0 + $1.attempts }
        let succeeded = minutes.reduce(0) { $0 + $1.succeeded }
        guard attempts > 0 else { return "no attempts in the last hour" }
        let timed = minutes.reduce(0) { $0 + $1.timed }
        let mean =
            timed == 0 ? "" : ", \(HTML.milliseconds(minutes.reduce(0) { $0 + $1.time.inSeconds } * 1000 / Double(timed))) on average"
        return "\(attempts) attempt\(attempts == 1 ? "" : "s") in the last hour, \(succeeded * 100 / attempts) % succeeded\(mean)"
    }

    /// The phases of one attempt, side by side.
    static func phases(_ timing: AttemptObject.Timing) -> HTML {
        guard let total = timing.totalMilliseconds, total > 0 else { return .nothing }
        let setUp = [
            ("dns", "name", timing.dnsMilliseconds), ("connect", "connect", timing.connectMilliseconds),
            ("tls", "TLS", timing.tlsMilliseconds),
        ].compactMap { kind, label, length in length.map { (kind: kind, label: label, length: $0) } }
        let before = setUp.reduce(0) { $0 + $1.length }
        var phases = setUp
        if let first = timing.firstByteMilliseconds {
            phases.append((kind: "wait", label: "waiting", length: max(0, first - before)))
            phases.append((kind: "read", label: "answer", length: max(0, total - max(first, before))))
        } else {
            phases.append((kind: "wait", label: "waiting", length: max(0, total - before)))
        }
        var start = 0.0
        var boxes: [HTML] = []
        for phase in phases where phase.length > 0 {
            let (x, breadth) = (Int(start / total * 600), max(2, Int(phase.length / total * 600)))
            boxes.append(#"<rect class="phase \#(phase.kind)" x="\#(x)" y="0" width="\#(breadth)" height="10"></rect>"#)
            start += phase.length
        }
        let words = phases.map { phase -> HTML in
            #"<li><span class="phase key \#(phase.kind)" aria-hidden="true"></span>\#(phase.label) \#(HTML.milliseconds(phase.length))</li>"#
        }
        return """
            <svg class="phases" viewBox="0 0 600 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">\(boxes)</svg>
            <ul class="legend">\(words)<li>in all \(HTML.milliseconds(total))</li></ul>
            """
    }

    private static func tall(_ count: Int, of most: Int) -> Int { count == 0 ? 0 : max(1, height * count / most) }

    private static func bar(_ kind: String, _ number: Int, from top: Int, to bottom: Int) -> HTML {
        guard bottom > top else { return .nothing }
        return #"<rect class="\#(kind)" x="\#(number * 4)" y="\#(top)" width="3" height="\#(bottom - top)"></rect>"#
    }

    private static func svg(_ words: String, _ shapes: [HTML]) -> HTML {
        """
        <svg class="plot" viewBox="0 0 \(width) \(height)" preserveAspectRatio="none" role="img" aria-label="\(words)"><line class="axis" x1="0" y1="\(height)" x2="\(width)" y2="\(height)"></line>\(shapes)</svg>
        """
    }
}
