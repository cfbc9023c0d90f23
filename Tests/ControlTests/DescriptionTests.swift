import APIDescriptionTesting
import Control
import HTTPTypes
import RawJSON
import RingbackCore
import Testing

/// Every answer that ``HTTPProbe`` gets, in all suites, is held against the description besides.
@Suite("The API's description")
struct DescriptionTests {
    private let api = DescribedAPI.shared

    @Test("describes every route there is, and nothing else")
    func routes() async throws {
        try await ControlUnderTest.with { control async throws in
            var described = Set(api.paths.flatMap { path in path.methods.map { "\($0) \(path.template)" } })
            #expect(!described.isEmpty)
            for route in control.routes {
                let method = route.method.rawValue.lowercased()
                let template = DescribedRoute.template(of: route.path)
                let matching = described.filter { DescribedRoute.covers($0, method: method, template: template) }
                #expect(!matching.isEmpty, "\(method) \(route.path) is not described")
                described.subtract(matching)
            }
            #expect(described.isEmpty, "there is no such route")
        }
    }

    @Test("is served as it is, to everybody, and tells this program's version")
    func served() async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("GET", "/openapi.json")
            #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
            let document = try answer.json()
            #expect(document["openapi"] == "3.1.0")
            #expect(document["info"]?["version"]?.string == RingbackVersion.current)
            #expect(document == api.document)
        }
    }

    @Test("names every kind of problem with its status, every event, and every word of the closed lists")
    func closedLists() throws {
        let schemas = try #require(api.document["components"]?["schemas"])
        func words(_ schema: JSON?) -> Set<String> { Set((schema?["enum"]?.elements ?? []).compactMap(\.string)) }
        #expect(words(schemas["Problem"]?["properties"]?["type"]) == Set(ProblemKind.allCases.map { Problem($0, "").type }))
        #expect(words(schemas["EventType"]) == Set(EventType.all.map(\.rawValue)))
        #expect(words(schemas["WatchStatus"]) == Set(WatchStatus.allCases.map(\.rawValue)))
        #expect(words(schemas["DeliveryStatus"]) == Set(Delivery.Status.allCases.map(\.rawValue)))
        #expect(words(schemas["DeadReason"]) == Set(DeadReason.allCases.map(\.rawValue)))
        #expect(words(schemas["AttemptError"]) == Set(AttemptError.allCases.map(\.rawValue)))
        #expect(words(schemas["Payload"]) == Set(PayloadForm.allCases.map(\.rawValue)))
        let responses = try #require(api.document["components"]?["responses"]?.members)
        for kind in ProblemKind.allCases {
            let type = Problem(kind, "").type
            let saying = responses.filter { $0.value["description"]?.string?.contains("`\(type)`") == true }
            #expect(saying.count == 1, "\(type)")
            let example = saying.first?.value["content"]?["application/problem+json"]?["example"]
            #expect(example?["status"]?.integer == Int64(Problem(kind, "").status), "\(type)")
        }
    }

    @Test("has examples that are as it says")
    func examples() throws {
        var count = 0
        func check(_ value: JSON, at place: String) {
            if let example = value["example"], let schema = value["schema"] {
                count += 1
                let problems = api.problems(of: example, by: schema)
                #expect(problems.isEmpty, "\(place): \(problems.joined(separator: "; "))")
            }
            for member in value.members ?? [] where member.key != "example" { check(member.value, at: "\(place)/\(member.key)") }
        }
        check(api.document, at: "")
        #expect(count > 50)
    }

    @Test("finds out an answer that it does not describe")
    func checking() throws {
        func problems(_ status: Int, _ body: String, type: String = "application/json") -> [String] {
            api.problems(method: "GET", target: "/healthz", status: status, contentType: type, body: Array(body.utf8))
        }
        #expect(problems(200, #"{"status":"ok","problems":[]}"#).isEmpty)
        #expect(problems(200, #"{"status":"fine","problems":[]}"#).count == 1)
        #expect(problems(200, #"{"status":"ok"}"#).count == 1)
        #expect(problems(200, #"{"status":"ok","problems":[1]}"#).count == 1)
        #expect(problems(200, #"{"status":"ok","problems":[],"more":1}"#).count == 1)
        #expect(problems(200, "ok", type: "text/plain").count == 1)
        #expect(problems(418, "{}").count == 1)
        #expect(api.problems(method: "GET", target: "/v1/nothing", status: 200, contentType: nil, body: []).count == 1)
    }
}

/// How the route table and the description write the same route.
private enum DescribedRoute {
    static func template(of path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment.hasPrefix(":") ? "{\(segment.dropFirst())}" : String(segment)
        }.joined(separator: "/")
    }

    /// Whether a described operation is one of a route's. A route that takes the rest of a path stands for all that is described below it.
    static func covers(_ operation: String, method: String, template: String) -> Bool {
        guard template.hasSuffix("/**") else { return operation == "\(method) \(template)" }
        return operation.hasPrefix("\(method) \(template.dropLast(2))")
    }
}
