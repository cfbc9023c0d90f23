import HTTPTypes
import RingbackCore
import Testing

@testable import Control

/// Walks what the router itself says it has, so that no route can be forgotten here.
@Suite("Every route of the API")
struct RouteTableTests {
    /// Those that need no token, and why.
    private static let open: [String: String] = [
        "GET /healthz": "load balancers have no token", "GET /readyz": "load balancers have no token",
        "GET /openapi.json": "it tells what any server of this version is",
        "POST /v1/ingest/{upstream}": "vendors sign their webhooks instead",
    ]

    private static let tokens = [
        AccessToken(name: "nobody", token: Secret("token-without-scopes-01"), scopes: []),
        AccessToken(name: "dashboard", token: Secret("token-that-may-read-01"), scopes: [.read]),
        AccessToken(name: "app", token: Secret("token-that-may-submit"), scopes: [.submit]),
    ]

    /// The token that may do everything less than `scope`.
    private static func lesserToken(than scope: AccessScope) -> String {
        switch scope {
        case .read: "token-without-scopes-01"
        case .submit: "token-that-may-read-01"
        case .admin: "token-that-may-submit"
        }
    }

    private static func with(_ body: @escaping @Sendable (ControlUnderTest, [Route]) async throws -> Void) async throws {
        var options = ControlUnderTest.Options()
        options.tokens = tokens
        try await ControlUnderTest.with(options) { control async throws in
            let table = routeTable(control.dependencies)
            try #require(table.count > 40, "the table is read")
            try await body(control, table)
        }
    }

    /// As the router writes it.
    private static func name(_ route: Route) -> String {
        let segments = route.path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        return "\(route.method) " + segments.reduce("") { "\($0)/\($1)" }
    }

    /// A request that the route takes.
    private static func sample(_ path: String) -> String {
        path.split(separator: "/").map { $0.hasPrefix("{") || $0.hasPrefix(":") || $0 == "**" ? "x" : String($0) }.reduce("") {
            "\($0)/\($1)"
        }
    }

    @Test("is in the table, so that it has a rule")
    func registered() async throws {
        try await Self.with { control, table in
            let known = Set(table.map(Self.name))
            for route in control.registered where !known.contains("\(route.method) \(route.path)") {
                // HEAD follows GET; the other methods of a known path are refused by name.
                if route.method == "HEAD", known.contains("GET \(route.path)") { continue }
                let answer = try await control.probe.send(route.method, Self.sample(route.path))
                #expect(answer.status == 405, "\(route.method) \(route.path) is served past the table: \(answer.status)")
            }
            #expect(known.isSubset(of: Set(control.registered.map { "\($0.method) \($0.path)" })))
        }
    }

    @Test("refuses whoever has no token with 401, and whoever has a lesser one with 403; the open ones are known by name")
    func refuses() async throws {
        try await Self.with { control, table in
            for route in table {
                let name = Self.name(route)
                switch route.access {
                case .open: #expect(Self.open[name] != nil, "\(name) is open to everybody: say here why")
                case .scope(let scope), .relay(let scope):
                    #expect(Self.open[name] == nil)
                    let path = Self.sample(route.path)
                    #expect(try await control.probe.send(route.method.rawValue, path).status == 401, "\(name)")
                    let lesser = try await control.probe.send(
                        route.method.rawValue, path, headers: [("Authorization", "Bearer \(Self.lesserToken(than: scope))")])
                    #expect(lesser.status == 403, "\(name)")
                    #expect(lesser.text.contains("needs '\(scope.rawValue)'"), "\(name): \(lesser.text)")
                }
            }
        }
    }

    @Test("that changes something asks for more than leave to look")
    func changes() async throws {
        try await Self.with { _, table in
            for route in table where route.method != .get {
                switch route.access {
                case .open: #expect(route.path == "/v1/ingest/:upstream")
                case .scope(let scope), .relay(let scope): #expect(scope > .read, "\(route.method) \(route.path)")
                }
            }
        }
    }
}
