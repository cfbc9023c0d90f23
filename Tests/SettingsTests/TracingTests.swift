import RingbackCore
import Testing

@testable import Settings

@Suite("Where spans go")
struct TracingSettingsTests {
    @Test("is read with its headers, also from files, and shown without their values")
    func read() throws {
        let settings = try load(
            minimal + """

                tracing:
                  otlp_endpoint: https://otlp.example.com/otlp/
                  service_name: bridge
                  sample: 0.25
                  headers: { X-Tenant: acme, Authorization_file: /run/secrets/otlp }
                """, files: ["/run/secrets/otlp": "Bearer s3cret\n"])
        #expect(
            settings.tracing
                == TracingTarget(
                    endpoint: "https://otlp.example.com/otlp",
                    headers: [HeaderField("X-Tenant", Secret("acme")), HeaderField("Authorization", Secret("Bearer s3cret"))],
                    service: "bridge", sample: 0.25))
        let described = settings.describe()
        #expect(described.contains("otlp_endpoint: https://otlp.example.com/otlp\n") && described.contains("Authorization: <redacted>"))
        #expect(!described.contains("s3cret") && !described.contains("acme"))
        let bare = try load(minimal + "\ntracing: { otlp_endpoint: \"http://127.0.0.1:4318\" }\n")
        #expect(bare.tracing == TracingTarget(endpoint: "http://127.0.0.1:4318", service: "ringback", sample: 1))
        #expect(try load(bare.describe()) == bare)
        #expect(try load(minimal).tracing == nil)
    }

    @Test(
        "says what is wrong with it",
        arguments: [
            ("{}", "tracing: 'otlp_endpoint' is missing: write otlp_endpoint: http://127.0.0.1:4318"),
            ("{ otlp_endpoint: \"http://h/?key=1\" }", "tracing.otlp_endpoint: has a query"),
            ("{ otlp_endpoint: \"http://h\", sample: 2 }", "tracing.sample: expected a number, found '2'"),
            ("{ otlp_endpoint: \"http://h\", headers: { Host: x } }", "tracing.headers.Host: no header of ours can have this name"),
            ("{ otlp_endpoint: \"http://h\", headers: { A: x, a_file: /x } }", "the header 'a' is there already"),
            ("{ otlp_endpoint: \"http://h\", headers: { A_file: /none } }", "tracing.headers.A_file: '/none' cannot be read"),
            ("{ otlp_endpoint: \"http://h\", name: x }", "tracing.name: unknown key 'name'"),
        ])
    func wrong(_ yaml: String, _ complaint: String) {
        let complaints = complaints(minimal + "\ntracing: \(yaml)\n")
        #expect(complaints.contains(complaint), "\(complaints)")
    }
}
