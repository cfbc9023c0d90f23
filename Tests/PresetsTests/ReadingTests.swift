import Presets
import RingbackCore
import Settings
import Testing

/// A preset with one mistake, and the first line of what is said about it.
struct PresetMistake: Sendable, CustomStringConvertible {
    let yaml: String
    let complaint: String
    var description: String { complaint }

    static let all: [PresetMistake] = [
        .init(
            yaml: "requests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:1:1: 'title' is missing: write title: My system"),
        .init(yaml: "title: T", complaint: "test.yaml:1:1: 'requests' is missing: write requests: { create: { method: POST, … } }"),
        .init(
            yaml: "title: T\nrequets: {}\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:2:1: requets: unknown key 'requets': did you mean 'requests'?"),
        .init(
            yaml: "title: T\nfields:\n  text: { text: \"{{sumary}}\" }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:3:18: fields.text.text: nothing is called 'sumary': did you mean 'summary'?"),
        .init(
            yaml:
                "title: T\nfields:\n  text:\n    text: |\n      hello\n        {{error.mesage}}\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:6:9: fields.text.text: nothing is called 'error.mesage': did you mean 'error.message'?"),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"https://a.example/\", json: { text: \"{{summary}}\" } } }",
            complaint:
                "test.yaml:2:65: requests.create.json.text: 'summary' is somebody else's text: put it into a field, which has an escape and a limit"
        ),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"{{with.url}}\" } }",
            complaint: "test.yaml:2:29: requests.create.url: the preset has no parameter 'url'"),
        .init(
            yaml:
                "title: T\nwith: { key: { secret: true, help: A key. } }\nfields: { text: \"{{with.key}}\" }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:3:18: fields.text: 'with.key' is a secret, and fields are shown to people"),
        .init(
            yaml: "title: T\nfields: { text: \"{{{summary}}}\" }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:2:18: fields.text: a preset cannot go around escaping: write {{name}}"),
        .init(
            yaml: "title: T\nfields: { text: \"{{#reason}}x\" }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:2:18: fields.text: the section {{#reason}} is not closed"),
        .init(
            yaml: "title: T\nfields: { text: { text: x, limit: 20 chars } }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:2:35: fields.text.limit: '20 chars' is not a limit: write a number and one of "),
        .init(
            yaml: "title: T\nfields: { text: { text: x, escape: slak } }\nrequests: { create: { url: \"https://a.example/\" } }",
            complaint: "test.yaml:2:36: fields.text.escape: 'slak' is none of the choices: did you mean 'slack'?"),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"https://a.example/\" } }\nanswers: [{ status: 200, is: deliverd }]",
            complaint: "test.yaml:3:30: answers[0].is: 'deliverd' is none of the choices: did you mean 'delivered'?"),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"https://a.example/\" } }\nanswers: [{ status: 2xy, is: delivered }]",
            complaint: "test.yaml:3:21: answers[0].status: '2xy' is no status: write 200, 4xx or 500-503"),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"https://a.example/\" } }\noutcomes: { failed: comment }",
            complaint: "test.yaml:3:21: outcomes.failed: the preset has no request 'comment'"),
        .init(
            yaml: "title: T\nrequests: { create: { url: \"https://a.example/\", json: { $wen: x } } }",
            complaint: "test.yaml:2:58: requests.create.json.$wen: '$wen' means nothing here: did you mean '$when'?"),
    ]
}

@Suite("A preset's file")
struct ReadingTests {
    @Test("that is built in is in order", arguments: Rendering.names)
    func builtIn(name: String) throws {
        let text = try #require(PresetLibrary.embedded.first { $0.name == name }?.yaml)
        let preset = try Preset.read(text, name: name, file: "\(name).yaml")
        #expect(preset.help != nil)
        #expect(
            preset.transport == .smtp || preset.pace != nil || ["alertmanager", "rabbitmq"].contains(name),
            "how fast does it take messages?")
    }

    @Test("says where it is wrong, and what to write", arguments: PresetMistake.all)
    func mistakes(_ mistake: PresetMistake) throws {
        let error = try #require(
            #expect(throws: SettingsErrors.self) { try Preset.read(mistake.yaml, name: "test", file: "test.yaml") })
        let lines = error.problems.map { $0.description.split(separator: "\n")[0] }
        #expect(lines.contains { $0.hasPrefix(mistake.complaint) }, "\(lines)")
    }

    @Test("is the words of Slack for every outcome, the same as ever")
    func words() throws {
        let preset = try #require(try Rendering.library()["slack"])
        let title = try Rendering.renderer(
            preset, Hostility.event(.completed), response: Array(#"{"id":"resp_1","status":"completed"}"#.utf8)
        ).renderFields()["title"]
        #expect(title == "✓ Response resp_1 completed")
    }
}
