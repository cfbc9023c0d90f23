import Control
import HTTPTypes
import RingbackCore

/// What every page has around its own part.
struct Frame {
    enum Chapter: String, CaseIterable {
        case overview = "/"
        case watches = "/watches"
        case deliveries = "/deliveries"
        case deadLetters = "/dead-letters"
        case endpoints = "/endpoints"
        case explain = "/explain"

        var name: String {
            switch self {
            case .overview: "Overview"
            case .watches: "Watches"
            case .deliveries: "Deliveries"
            case .deadLetters: "Dead letters"
            case .endpoints: "Endpoints"
            case .explain: "Explain a URL"
            }
        }
    }

    let title: String
    let chapter: Chapter?
    let viewer: Viewer?
    /// Where the feed goes on after what the page shows; `nil`: the page does not live.
    var liveAfter: String?
    /// Whose changes the page shows; `nil`: everybody's.
    var liveAbout: String?

    func answer(_ body: HTML, status: HTTPResponse.Status = .ok) -> Answer {
        var headers = Self.headers
        headers[.contentType] = "text/html; charset=utf-8"
        return Answer(status: status, headers: headers, body: Array(page(body).text.utf8))
    }

    /// A page is its own: it loads nothing from elsewhere, runs nothing that stands in it, sends forms to nobody else and is in no frame.
    static let headers: HTTPFields = {
        var headers: HTTPFields = [:]
        let policy = [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "form-action 'self'",
            "base-uri 'none'", "frame-ancestors 'none'",
        ]
        let fields = [
            ("Content-Security-Policy", policy.joined(separator: "; ")), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
        ]
        for (name, value) in fields { if let name = HTTPField.Name(name) { headers[name] = value } }
        return headers
    }()

    private func page(_ body: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) · Ringback</title>
        <link rel="icon" href="\(Asset.icon.path)">
        <link rel="stylesheet" href="\(Asset.style.path)">
        <script src="\(Asset.script.path)" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
        <a class="brand" href="/">\(Self.mark)<span>Ringback</span></a>
        \(viewer == nil ? HTML.nothing : navigation)
        \(liveAfter == nil ? HTML.nothing : Self.liveness)
        \(viewer.flatMap { account($0) })
        </header>
        <main id="main" tabindex="-1"\(liveAttributes)>
        <h1>\(title)</h1>
        \(body)
        </main>
        <footer>Ringback \(RingbackVersion.current) · times are UTC · <a href="/openapi.json">API</a></footer>
        </body>
        </html>

        """
    }

    private static let mark: HTML =
        """
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d="M12 3a6 6 0 0 0-6 6v4l-2 3h16l-2-3V9a6 6 0 0 0-6-6zm-2 15a2 2 0 0 0 4 0z"/></svg>
        """

    private static let liveness: HTML = #"<p class="live" id="live" role="status" data-state="off">not live</p>"#

    private var navigation: HTML {
        let items = Chapter.allCases.map { item -> HTML in
            #"<li><a href="\#(item.rawValue)"\#(item == chapter ? " aria-current=\"page\"" : HTML.nothing)>\#(item.name)</a></li>"#
        }
        return #"<nav aria-label="Chapters"><ul>\#(items)</ul></nav>"#
    }

    private func account(_ viewer: Viewer) -> HTML? {
        guard let name = viewer.caller.name else { return nil }
        return """
            <form class="account" method="post" action="/logout">\(viewer.proof)
            <span>\(name) <small>(\(viewer.caller.scope?.rawValue ?? "no scope"))</small></span> <button class="quiet">Sign out</button></form>
            """
    }

    private var liveAttributes: HTML {
        guard let liveAfter else { return .nothing }
        let about: HTML = liveAbout.map { #" data-about="\#($0)""# } ?? .nothing
        return #" data-live-after="\#(liveAfter)"\#(about)"#
    }
}
