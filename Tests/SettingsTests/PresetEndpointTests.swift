import RingbackCore
import Testing

@testable import Settings

@Suite("An endpoint with a preset")
struct PresetEndpointTests {
    private let yaml =
        minimal + """

            public_url: https://ringback.example.com/
            presets_dir: /presets
            endpoints:
              - name: room
                preset: slack
                with: { url_file: /run/secrets/slack, include_output: true }
              - { name: house, preset: house }
            """

    private let files = [
        "/run/secrets/slack": "https://hooks.slack.com/services/T/B/pa55\n",
        "/presets/house.yaml": "title: House\nrequests: { create: { url: \"https://house.example.com/\" } }\n",
    ]

    @Test("is told what its preset needs, secrets from files, and one of the operator's own is as good as a built-in one")
    func reads() throws {
        let settings = try load(yaml, files: files)
        guard case .preset(let target) = settings.endpoints[0].target else { throw Unexpected() }
        #expect(target.preset == "slack")
        #expect(target.values["url"] == Secret("https://hooks.slack.com/services/T/B/pa55"))
        #expect(target.values["include_output"] == Secret("true"))
        #expect(target.pace == RateLimit(text: "1/s"))
        #expect(settings.endpoints[1].target == .preset(PresetTarget(preset: "house", parameters: [])))
        #expect(settings.publicURL == "https://ringback.example.com")
    }

    @Test("shares its pace with another one at the same destination, and with no other")
    func pace() throws {
        func destination(_ url: String) throws -> String? {
            let settings = try load(
                minimal + "\nendpoints: [{ name: a, preset: slack, with: { url: \"https://hooks.slack.com/\(url)\" } }]\n")
            guard case .preset(let target) = settings.endpoints[0].target else { throw Unexpected() }
            return target.destination
        }
        #expect(try destination("a") == destination("a"))
        #expect(try destination("a") != destination("b"))
        #expect(try destination("pa55")?.contains("pa55") == false)
    }

    @Test("shows no secret when it is described")
    func describes() throws {
        let text = try load(yaml, files: files).describe()
        #expect(!text.contains("pa55"))
        #expect(text.contains("preset: slack"))
    }

    private struct Unexpected: Error {}
}
