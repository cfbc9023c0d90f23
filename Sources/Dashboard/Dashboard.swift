package import Control
import HTTPTypes
import Logging
import RawJSON
import RingbackCore
import Store

/// The dashboard: pages that show what the API knows, and forms that do what it can do.
///
/// Pages are made on the server and are whole without a script; the script renews their parts when the feed says that something changed.
package struct Dashboard: Sendable {
    let dependencies: ControlDependencies
    let api: ControlAPI
    let gate: Gate
    let figures: Figures

    package init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
        api = ControlAPI(dependencies)
        gate = Gate(tokens: dependencies.tokens, time: dependencies.time)
        figures = Figures(store: dependencies.store, time: dependencies.time)
    }

    package var routes: [Route] {
        [
            page("/") { try await overview($0) },
            page("/watches") { try await watches($0) },
            page("/watches/:id") { try await watch($0) },
            page("/events/:id") { try await event($0) },
            page("/deliveries") { try await deliveries($0) },
            page("/deliveries/:id") { try await delivery($0) },
            page("/dead-letters") { try await deadLetters($0) },
            page("/endpoints") { try await endpoints($0) },
            page("/endpoints/:name") { try await endpoint($0) },
            page("/explain") { try await explain($0) },
            form("/watches/:id/cancel") { try await cancel($0) },
            form("/watches/:id/stop") { try await stop($0) },
            form("/events/:id/resend") { try await resend($0) },
            form("/deliveries/:id/retry") { try await retry($0) },
            form("/deliveries/:id/discard") { try await discard($0) },
            form("/dead-letters/redrive") { try await redrive($0) },
            form("/endpoints/:name/test") { try await test($0) },
            form("/endpoints/:name/enable") { try await enable($0) },
            form("/endpoints/:name/disable") { try await disable($0) },
            form("/explain") { try await explain($0) },
            .page(.get, "/login") { call in signInPage(call) },
            .page(.post, "/login") { call in signIn(call) },
            form("/logout") { $0.answer(to: "/login", cookie: gate.signOut($0.call)) },
            .page(.get, "/live", isLong: true) { try await live($0) },
            .page(.get, "/assets/:file") { call in
                guard let answer = Asset.answer(call.path) else { throw Problem(.notFound, "there is no such file: load the page again") }
                return answer
            },
        ]
    }

    // MARK: Getting in

    /// One look at a page, or one form that was sent.
    struct Visit: Sendable {
        let call: Call
        let viewer: Viewer
        let backend: Backend
        /// What the form holds, or the query.
        let form: Form

        var now: Timestamp { call.now }

        /// Sends the browser on, so that loading again does not send a form again.
        func answer(to target: String, cookie: String? = nil) -> Answer {
            var headers = Frame.headers
            headers[.location] = target
            headers[.setCookie] = cookie
            return Answer(status: .seeOther, headers: headers)
        }
    }

    private func page(_ path: String, _ body: @escaping @Sendable (Visit) async throws -> Answer) -> Route {
        .page(.get, path) { call in
            await answering(call) { try await body(visit(call, try gate.viewer(call), Form(call.query ?? ""))) }
        }
    }

    private func form(_ path: String, _ body: @escaping @Sendable (Visit) async throws -> Answer) -> Route {
        .page(.post, path) { call in
            await answering(call) {
                let form = Form(call.body)
                return try await body(visit(call, try gate.viewer(call, sending: form), form))
            }
        }
    }

    private func visit(_ call: Call, _ viewer: Viewer, _ form: Form) -> Visit {
        Visit(call: call, viewer: viewer, backend: Backend(api: api, call: call, caller: viewer.caller), form: form)
    }

    private func answering(_ call: Call, _ body: () async throws -> Answer) async -> Answer {
        do {
            return try await body()
        } catch Gate.Refusal.signedOut {
            var headers = Frame.headers
            headers[.location] = "/login"
            return Answer(status: .seeOther, headers: headers)
        } catch Gate.Refusal.foreign(let reason) {
            return trouble(call, Problem(.forbidden, reason))
        } catch let problem as Problem {
            return trouble(call, problem)
        } catch let error as StoreError {
            return trouble(call, Problem(.storeTrouble, "\(error)"))
        } catch {
            dependencies.logger.error("a page failed for a reason nobody foresaw", metadata: ["error.type": "\(type(of: error))"])
            return trouble(call, Problem(.internalTrouble, "something went wrong inside Ringback; its log says more"))
        }
    }

    private func trouble(_ call: Call, _ problem: Problem) -> Answer {
        // Whoever is not let in is told why, and nothing else.
        let viewer = try? gate.viewer(call)
        let errors = (problem.errors ?? []).map { error -> HTML in "<li><code>\(error.pointer)</code> \(error.detail)</li>" }
        return Frame(title: problem.title, chapter: nil, viewer: viewer).answer(
            #"<p class="notice bad" role="alert">\#(problem.detail)</p><ul>\#(errors)</ul><p><a class="button" href="/">Overview</a></p>"#,
            status: HTTPResponse.Status(code: problem.status))
    }

    /// Where the feed goes on after what is read from now on.
    var mark: String { dependencies.store.latestChange.text }

    /// The feed for pages, by the session's cookie. Otherwise it is the API's own.
    private func live(_ call: Call) async throws -> Answer {
        let viewer: Viewer
        do {
            viewer = try gate.viewer(call)
        } catch is Gate.Refusal {
            throw Problem(.unauthenticated, "nobody is signed in")
        }
        let query = call.query.map { "?\($0)" } ?? ""
        return await api.answer(.get, "/v1/stream\(query)", as: viewer.caller, for: call)
    }

    // MARK: Signing in

    private func signInPage(_ call: Call, trouble: String? = nil) -> Answer {
        guard !dependencies.tokens().isEmpty else { return Answer(status: .seeOther, headers: [.location: "/"]) }
        let notice: HTML? = trouble.map { #"<p class="notice bad" role="alert">\#($0)</p>"# }
        return Frame(title: "Sign in", chapter: nil, viewer: nil).answer(
            """
            \(notice)
            <form class="panel narrow" method="post" action="/login">
            <input name="user" value="ringback" autocomplete="username" aria-label="User" hidden>
            <label>Token <input type="password" name="token" required autofocus autocomplete="current-password"></label>
            <p class="hint">One of the tokens of this server's configuration. Scope <code>read</code> looks, <code>submit</code> also cancels and stops
            responses, <code>admin</code> does everything. Except from its own machine, a browser has to come by HTTPS.</p>
            <button class="primary">Sign in</button>
            </form>
            """, status: trouble == nil ? .ok : .forbidden)
    }

    private func signIn(_ call: Call) -> Answer {
        do {
            guard let cookie = try gate.signIn(Secret(Form(call.body)["token"] ?? ""), call) else {
                return signInPage(call, trouble: "This is none of the server's tokens: check it for typing errors.")
            }
            var headers = Frame.headers
            headers[.location] = "/"
            headers[.setCookie] = cookie
            return Answer(status: .seeOther, headers: headers)
        } catch {
            return signInPage(call, trouble: "The form comes from a page of another site.")
        }
    }
}
