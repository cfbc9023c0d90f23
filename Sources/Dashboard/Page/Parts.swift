import Control
import RingbackCore

// What several pages have in common.

extension OpaqueJSON {
    /// As text. What was read as JSON can be written as JSON; should it not, nothing is shown.
    var text: String { (try? APICoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}

extension HTML {
    /// A time, exact for machines and short for people.
    static func time(_ time: APITime?) -> HTML {
        guard let time else { return "–" }
        let text = time.timestamp.rfc3339
        return #"<time datetime="\#(text)" title="\#(text)">\#(text.prefix(10)) \#(text.dropFirst(11).prefix(8))</time>"#
    }

    /// A time of lately, by the clock alone.
    static func clock(_ time: APITime?) -> HTML {
        guard let text = time?.timestamp.rfc3339 else { return "–" }
        return #"<time datetime="\#(text)" title="\#(text)">\#(text.dropFirst(11).prefix(8))</time>"#
    }

    /// How long since, counted on by the script.
    static func since(_ time: APITime, now: Timestamp) -> HTML {
        let text = time.timestamp.rfc3339
        return #"<time datetime="\#(text)" title="\#(text)" data-since>\#(elapsed(now - time.timestamp))</time>"#
    }

    static func elapsed(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeMilliseconds / 1000)
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(seconds % 3600 / 60) min" }
        return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
    }

    static func milliseconds(_ value: Double) -> String {
        if value >= 10_000 { return "\(Int(value / 1000)) s" }
        return value >= 10 ? "\(Int(value.rounded())) ms" : "\((value * 10).rounded() / 10) ms"
    }

    /// A status as a word with a colour; the word alone says it all.
    static func status(_ word: String) -> HTML {
        let tone =
            switch word {
            case "completed", "delivered", "succeeded", "enabled", "ok", "closed", "allowed": "good"
            case "failed", "dead", "lost", "expired", "refused", "unauthorized", "failing", "open": "bad"
            case "incomplete", "cancelled", "abandoned", "stopped", "disabled", "half open": "warn"
            default: "busy"
            }
        return #"<span class="status \#(tone)">\#(word)</span>"#
    }

    /// A stranger's text: whatever its direction, it stays within its place.
    static func foreign(_ text: String?) -> HTML {
        guard let text, !text.isEmpty else { return #"<span class="none">–</span>"# }
        return "<bdi>\(text)</bdi>"
    }

    static func watchLink(_ id: WatchID?, _ label: String?) -> HTML {
        guard let id else { return foreign(label) }
        let text = label ?? id.rawValue
        return #"<a class="id" href="\#(path("watches", id.rawValue))" title="\#(text)"><code><bdi>\#(text)</bdi></code></a>"#
    }

    static func endpointLink(_ name: EndpointName) -> HTML {
        // A response's own callback is no endpoint that could be looked at.
        guard !name.isCallback else { return #"<span>own callback</span>"# }
        return #"<a href="\#(path("endpoints", name.rawValue))">\#(name)</a>"#
    }

    /// A table that scrolls by itself where the screen is narrow. With no rows it says so.
    static func table(_ caption: String, _ columns: [String], rows: [HTML], empty: String) -> HTML {
        guard !rows.isEmpty else { return #"<p class="empty">\#(empty)</p>"# }
        let heads = columns.map { name -> HTML in #"<th scope="col">\#(name)</th>"# }
        return """
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0"><table>
            <caption class="unseen">\(caption)</caption>
            <thead><tr>\(heads)</tr></thead>
            <tbody>\(rows)</tbody>
            </table></div>
            """
    }

    /// A part that the script renews when something changes.
    static func live(_ id: String, _ body: HTML) -> HTML { #"<div id="\#(id)" data-live>\#(body)</div>"# }

    /// The way to the next page of a list.
    static func pager(_ target: String, query: String, next: String?, isFirst: Bool) -> HTML {
        guard next != nil || !isFirst else { return .nothing }
        let first: HTML = isFirst ? "" : #"<a class="button" href="\#(target)\#(query.isEmpty ? "" : "?\(query)")">Newest</a>"#
        let older: HTML =
            next.map {
                let cursor = "cursor=\(PercentEncoding.encode($0))"
                return #"<a class="button" rel="next" href="\#(target)?\#(query.isEmpty ? cursor : "\(query)&\(cursor)")">Older</a>"#
            } ?? ""
        return #"<nav class="pager" aria-label="Pages">\#(first) \#(older)</nav>"#
    }

    static func choice(_ name: String, _ label: String, _ options: [String], chosen: String?) -> HTML {
        let items = options.map { word -> HTML in
            #"<option value="\#(word)"\#(word == chosen ? " selected" : HTML.nothing)>\#(word)</option>"#
        }
        return #"<label>\#(label) <select name="\#(name)"><option value="">any</option>\#(items)</select></label>"#
    }

    static func input(_ name: String, _ label: String, _ value: String?, hint: String = "") -> HTML {
        #"<label>\#(label) <input name="\#(name)" value="\#(value ?? "")" placeholder="\#(hint)" autocomplete="off" spellcheck="false"></label>"#
    }
}
