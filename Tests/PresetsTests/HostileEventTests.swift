import Foundation
import Presets
import RawJSON
import RingbackCore
import Testing

@Suite("A hostile event, through every preset")
struct HostileEventTests {
    @Test("becomes requests for every outcome and every kind", arguments: Rendering.names, TerminalStatus.allCases)
    func renders(name: String, status: TerminalStatus) throws {
        for (preset, request) in try requests(name, status) {
            #expect(request.url.hasPrefix("https://"), "\(preset.name) \(request.kind)")
            #expect(request.headers.allSatisfy { $0.value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
        }
    }

    @Test("leaves with no control character, no half character and no turned direction", arguments: Rendering.names)
    func clean(name: String) throws {
        for status in TerminalStatus.allCases {
            for (_, request) in try requests(name, status) {
                for (key, text) in try Rendering.texts(of: request) {
                    for scalar in text.unicodeScalars {
                        let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
                        #expect(!isControl && !["\u{FFFD}", "\u{202E}", "\u{2066}"].contains(scalar), "\(name) \(request.kind) \(key)")
                    }
                }
            }
        }
    }

    @Test("does not run as a template", arguments: Rendering.names)
    func notATemplate(name: String) throws {
        let marker = "https://ringback.example.com/watches/watch_1"
        for (_, request) in try requests(name, .failed) where request.kind == .create {
            for (key, text) in try Rendering.texts(of: request) where text.contains("{{link}}") || text.contains("evil.example") {
                // The link of the text itself may be there once, by the preset; not where the hostile text asked for it.
                #expect(text.components(separatedBy: marker).count <= 2, "\(name) \(key)")
            }
        }
    }

    @Test("mentions nobody, links nothing and formats nothing", arguments: Rendering.names)
    func harmless(name: String) throws {
        let markup = try #require(Markup.of[name], "say in Markup.of what the texts of '\(name)' are made of")
        for status in TerminalStatus.allCases {
            for (_, request) in try requests(name, status) {
                for trouble in try markup.troubles(in: request) {
                    Issue.record("\(name) \(status) \(request.kind) \(trouble)")
                }
            }
        }
    }

    @Test("has the shape its vendor's schema asks for", arguments: VendorShapes.names)
    func shape(name: String) throws {
        for status in TerminalStatus.allCases {
            for (_, request) in try requests(name, status) {
                guard let shape = VendorShapes.shape(name, request.kind.rawValue), let body = request.body else { continue }
                let problems = VendorShapes.problems(of: try JSON(parsing: body), shape)
                #expect(problems.isEmpty, "\(name) \(status) \(request.kind): \(problems)")
            }
        }
    }

    @Test("shows no secret in what people see", arguments: Rendering.names)
    func noSecret(name: String) throws {
        let preset = try #require(try Rendering.library()[name])
        let event = Hostility.event(.failed)
        let fields = try Rendering.renderer(preset, event, response: Hostility.response(.failed)).renderFields()
        #expect(fields.values.allSatisfy { !$0.lowercased().contains(Rendering.secret.lowercased()) })
    }

    @Test("is held against the schemas of vendors that publish one")
    func shapesAreThere() {
        #expect(VendorShapes.names.count >= 14 && Set(VendorShapes.names).isSubset(of: Rendering.names), "\(VendorShapes.names)")
    }

    private func requests(_ name: String, _ status: TerminalStatus) throws -> [(Preset, RenderedRequest)] {
        let preset = try #require(try Rendering.library()[name])
        let event = Hostility.event(status)
        return try preset.requests.keys.sorted().map { kind in
            let isFirst = kind == .create || kind == .search
            let renderer = Rendering.renderer(
                preset, event, response: Hostility.response(status), captured: isFirst ? [:] : Rendering.captured(preset),
                metadata: Hostility.metadata)
            return (preset, try renderer.render(kind))
        }
    }
}
