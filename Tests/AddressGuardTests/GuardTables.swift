import Foundation
import RingbackCore
import Testing

/// The tables of verdicts in Data: collected from the tests of other senders and from the IANA registries.
enum GuardTables {
    struct Address: Decodable, Sendable, CustomTestStringConvertible {
        let ip: String
        let cls: String
        let recommended: String

        var testDescription: String { "\(ip): \(cls)" }
    }

    struct Answers: Decodable, Sendable {
        let name: String
        let answers: [String]?
    }

    struct MetadataHost: Decodable, Sendable {
        let host: String
    }

    struct Addresses: Decodable {
        let addresses: [Address]
        let dns_answer_sets: [Answers]
        let metadata_hosts: [MetadataHost]
    }

    struct URLCase: Decodable, Sendable, CustomTestStringConvertible {
        struct Parsed: Decodable, Sendable {
            let hostname: String?
        }

        let url: String
        let cls: String
        let expect: String
        let whatwg: Parsed?

        var testDescription: String { "\(url.debugDescription): \(cls)" }
    }

    private struct URLs: Decodable {
        let urls: [URLCase]
    }

    static let addresses: Addresses? = try? read("ssrf_ip_guard", as: Addresses.self)
    static let urls: [URLCase] = (try? read("ssrf_url_bypass", as: URLs.self).urls) ?? []

    private static func read<Table: Decodable>(_ name: String, as type: Table.Type) throws -> Table {
        let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Data"))
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}
