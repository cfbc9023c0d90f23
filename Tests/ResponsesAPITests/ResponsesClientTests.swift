import ResponsesAPI
import RingbackCore
import Testing
import Transport

@Suite("The responses client")
struct ResponsesClientTests {
    private let id = ResponseID(trusted: "resp_1")

    private func client(_ configure: (inout Upstream) -> Void = { _ in }) -> ResponsesClient {
        var upstream = Upstream(name: UpstreamName(trusted: "u"), baseURL: "https://api.example.com/v1", apiKey: Secret("sk-1"))
        configure(&upstream)
        return ResponsesClient(upstream: upstream, transport: NoTransport())
    }

    private func fields(_ request: TransferRequest) -> [String] {
        request.headers.map { "\($0.name): \($0.value)" }
    }

    @Test("asks for a response")
    func retrieve() {
        let request = client().retrieveRequest(id, headers: [])
        #expect(request.method == .get)
        #expect(request.url == "https://api.example.com/v1/responses/resp_1")
        #expect(fields(request) == ["Authorization: Bearer sk-1", "Accept: application/json"])
        #expect(request.body == nil)
        #expect(request.version == .negotiated)
        #expect(request.limits.total == .seconds(60))
        #expect(request.limits.bodyBytes == 32 * 1024 * 1024)
        #expect(request.limits.idle == nil)
    }

    @Test("asks for a stream that ends by silence only")
    func stream() {
        let client = client { $0.streamIdleTimeout = .seconds(45) }
        let request = client.streamRequest(id, startingAfter: nil, headers: [])
        #expect(request.method == .get)
        #expect(request.url == "https://api.example.com/v1/responses/resp_1?stream=true")
        #expect(fields(request) == ["Authorization: Bearer sk-1", "Accept: text/event-stream"])
        #expect(request.limits.total == nil)
        #expect(request.limits.idle == .seconds(45))
        #expect(request.limits.bodyBytes == nil)
        #expect(client.streamRequest(id, startingAfter: 0, headers: []).url.hasSuffix("?stream=true&starting_after=0"))
        #expect(client.streamRequest(id, startingAfter: 41, headers: []).url.hasSuffix("?stream=true&starting_after=41"))
    }

    @Test("asks to cancel")
    func cancel() {
        let request = client().cancelRequest(id, headers: [])
        #expect(request.method == .post)
        #expect(request.url == "https://api.example.com/v1/responses/resp_1/cancel")
        #expect(request.body == [])
        #expect(request.limits.total == .seconds(60))
    }

    @Test("sends a create call as it is")
    func create() {
        let body = Array(#"{ "background": true }"#.utf8)
        let request = client().createRequest(body: body, headers: [])
        #expect(request.method == .post)
        #expect(request.url == "https://api.example.com/v1/responses")
        #expect(request.body == body)
        #expect(fields(request) == ["Authorization: Bearer sk-1", "Accept: application/json", "Content-Type: application/json"])
    }

    @Test("keeps the base URL's query on every call")
    func query() {
        let client = client { $0.baseURL = "https://r.openai.azure.com/openai/v1?api-version=preview&x=%20" }
        let base = "https://r.openai.azure.com/openai/v1/responses"
        #expect(client.retrieveRequest(id, headers: []).url == "\(base)/resp_1?api-version=preview&x=%20")
        #expect(
            client.streamRequest(id, startingAfter: 3, headers: []).url
                == "\(base)/resp_1?api-version=preview&x=%20&stream=true&starting_after=3")
        #expect(client.cancelRequest(id, headers: []).url == "\(base)/resp_1/cancel?api-version=preview&x=%20")
        #expect(client.createRequest(body: [], headers: []).url == "\(base)?api-version=preview&x=%20")
    }

    @Test("creates where the upstream wants it, and reads below /responses all the same")
    func createPath() {
        let client = client {
            $0.baseURL = "https://api.perplexity.ai/v1?a=1"
            $0.createPath = "/agent"
        }
        #expect(client.createRequest(body: [], headers: []).url == "https://api.perplexity.ai/v1/agent?a=1")
        #expect(client.retrieveRequest(id, headers: []).url == "https://api.perplexity.ai/v1/responses/resp_1?a=1")
        #expect(client.cancelRequest(id, headers: []).url == "https://api.perplexity.ai/v1/responses/resp_1/cancel?a=1")
        func relayed(_ method: TransferRequest.Method, _ path: [String]) -> String {
            client.request(method, path: path, query: "b=2", headers: [], body: nil, limits: TransferLimits()).url
        }
        #expect(relayed(.post, []) == "https://api.perplexity.ai/v1/agent?a=1&b=2")
        #expect(relayed(.get, []) == "https://api.perplexity.ai/v1/responses?a=1&b=2")
        #expect(relayed(.delete, ["resp_1"]) == "https://api.perplexity.ai/v1/responses/resp_1?a=1&b=2")
        #expect(relayed(.get, ["resp/1", "input_items"]) == "https://api.perplexity.ai/v1/responses/resp%2F1/input_items?a=1&b=2")
    }

    @Test(
        "puts a relayed call's query behind the base URL's, whose parameters nobody replaces",
        arguments: [
            (nil, "?api-version=preview&x=%20"), ("", "?api-version=preview&x=%20"), ("&", "?api-version=preview&x=%20"),
            ("limit=5", "?api-version=preview&x=%20&limit=5"),
            ("api-version=2020&limit=5", "?api-version=preview&x=%20&limit=5"),
            ("api%2Dversion=2020&x&x=1", "?api-version=preview&x=%20"),
            ("include[]=a&include[]=b&X=2", "?api-version=preview&x=%20&include[]=a&include[]=b&X=2"),
            ("a=1#b", "?api-version=preview&x=%20&a=1%23b"), ("%=1&%zz=2&%4=3", "?api-version=preview&x=%20&%=1&%zz=2&%4=3"),
        ] as [(String?, String)])
    func mergedQuery(_ query: String?, _ whole: String) {
        let client = client { $0.baseURL = "https://r.openai.azure.com/openai/v1?api-version=preview&x=%20" }
        let request = client.request(.get, path: ["resp_1"], query: query, headers: [], body: nil, limits: TransferLimits())
        #expect(request.url == "https://r.openai.azure.com/openai/v1/responses/resp_1" + whole)
    }

    @Test("lets a relayed call have its own headers, and adds the upstream's")
    func relayedHeaders() {
        let client = client {
            $0.apiKeyHeader = "api-key"
            $0.headers = [HeaderField("X-On-Behalf-Of", Secret("acme"))]
        }
        let request = client.request(
            .post, path: ["resp_1", "wake"], query: nil,
            headers: [HeaderField("Accept", Secret("*/*")), HeaderField("x-on-behalf-of", Secret("other"))], body: [1, 2],
            limits: TransferLimits(total: nil, idle: .seconds(9)))
        #expect(fields(request) == ["api-key: sk-1", "Accept: */*", "x-on-behalf-of: other"])
        #expect(request.body == [1, 2])
        #expect(request.limits.idle == .seconds(9))
    }

    @Test("sends no key of the upstream's beside a watch's own, whichever header that comes in", arguments: ["Authorization", "api-key"])
    func ownCredential(_ header: String) {
        let client = client { $0.apiKeyHeader = "api-key" }
        let request = client.retrieveRequest(id, headers: [HeaderField(header, Secret("the-clients"))])
        #expect(fields(request) == ["\(header): the-clients", "Accept: application/json"])
    }

    @Test(
        "joins base and path with one slash",
        arguments: ["https://h/v1", "https://h/v1/", "https://h/v1//", "https://h/v1?", "https://h/v1/?"])
    func slashes(_ base: String) {
        #expect(client { $0.baseURL = base }.retrieveRequest(id, headers: []).url == "https://h/v1/responses/resp_1")
    }

    @Test(
        "writes any id as one segment of the path",
        arguments: [
            ("resp-Ab_9.~", "resp-Ab_9.~"), ("caresp_00", "caresp_00"),
            ("9f8c2d1e-77aa-4b1c-8d5e-000000000001", "9f8c2d1e-77aa-4b1c-8d5e-000000000001"),
            ("resp_bGl0ZWxsbTo=-_=", "resp_bGl0ZWxsbTo=-_="), ("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("a b", "a%20b"),
            ("a%2e", "a%252e"), ("é\n", "%C3%A9%0A"),
            ("a+b;c&d,e'f(g)", "a%2Bb%3Bc%26d%2Ce%27f%28g%29"),
        ])
    func ids(_ id: String, _ segment: String) {
        let client = client()
        let id = ResponseID(trusted: id)
        #expect(client.retrieveRequest(id, headers: []).url == "https://api.example.com/v1/responses/\(segment)")
        #expect(client.cancelRequest(id, headers: []).url == "https://api.example.com/v1/responses/\(segment)/cancel")
    }

    @Test("sends the key in the header the upstream wants")
    func keyHeader() {
        let client = client { $0.apiKeyHeader = "api-key" }
        #expect(fields(client.retrieveRequest(id, headers: [])) == ["api-key: sk-1", "Accept: application/json"])
    }

    @Test("sends no credential when there is none")
    func noKey() {
        #expect(fields(client { $0.apiKey = nil }.retrieveRequest(id, headers: [])) == ["Accept: application/json"])
        #expect(fields(client { $0.apiKey = Secret("") }.retrieveRequest(id, headers: [])) == ["Accept: application/json"])
    }

    @Test("lets the watch's headers replace the upstream's, and those the key, whatever their case")
    func overriding() {
        let client = client {
            $0.headers = [
                HeaderField("X-On-Behalf-Of", Secret("acme")), HeaderField("X-Team", Secret("a")), HeaderField("X-Team", Secret("b")),
            ]
        }
        let request = client.retrieveRequest(
            id, headers: [HeaderField("x-on-behalf-of", Secret("other")), HeaderField("AUTHORIZATION", Secret("Bearer sk-2"))])
        #expect(
            fields(request) == [
                "X-Team: a", "X-Team: b", "x-on-behalf-of: other", "AUTHORIZATION: Bearer sk-2", "Accept: application/json",
            ])
    }

    @Test("lets nobody replace what the answer's form depends on")
    func ownHeaders() {
        let watch = [HeaderField("accept", Secret("text/html")), HeaderField("content-type", Secret("text/plain"))]
        #expect(
            fields(client().streamRequest(id, startingAfter: nil, headers: watch)) == [
                "Authorization: Bearer sk-1", "content-type: text/plain", "Accept: text/event-stream",
            ])
        #expect(
            fields(client().createRequest(body: [], headers: watch)).suffix(2) == [
                "Accept: application/json", "Content-Type: application/json",
            ])
    }

    @Test("trusts the upstream's certificate authorities")
    func trust() {
        #expect(client { $0.caFile = "/etc/ca.pem" }.streamRequest(id, startingAfter: nil, headers: []).trust.caFile == "/etc/ca.pem")
    }

    @Test("puts no key into a URL")
    func keyStaysOutOfURLs() {
        let client = client()
        let urls = [
            client.retrieveRequest(id, headers: []), client.streamRequest(id, startingAfter: 1, headers: []),
            client.cancelRequest(id, headers: []),
        ].map(\.url)
        #expect(!urls.contains { $0.contains("sk-1") })
    }
}
