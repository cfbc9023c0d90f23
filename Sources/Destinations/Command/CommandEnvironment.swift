import Foundation
import RawJSON
import ResponsesAPI
import RingbackCore
import Store

/// What a command finds in its environment: few variables of our own, those the endpoint names, and the facts of the event.
///
/// Nothing else of Ringback's environment is passed on, since its secrets are there. Facts are a stranger's words: their control characters,
/// a NUL or a line end above all, become U+FFFD, and long ones are cut. Exact and whole they are on standard input.
enum CommandEnvironment {
    /// Taken over from Ringback's own environment where they are set.
    static let inherited = ["PATH", "HOME", "LANG", "TZ"]
    /// At most so many bytes of each fact.
    static let maximumFactBytes = 1024
    /// Metadata that is larger as JSON is left out.
    static let maximumMetadataBytes = 16 * 1024

    static func variables(
        _ target: CommandTarget, _ job: DeliveryJob, number: Int, own: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String: String] {
        var variables = own.filter { inherited.contains($0.key) }
        for variable in target.environment { variables[variable.name] = variable.value.reveal() }
        for (name, value) in facts(job, number: number) {
            if let value { variables["RINGBACK_" + name] = value }
        }
        return variables
    }

    private static func facts(_ job: DeliveryJob, number: Int) -> [(name: String, value: String?)] {
        let response = job.response.flatMap { ResponseObject(json: $0) }
        let status = TerminalStatus.allCases.first { $0.eventType == job.event.type }
        let metadata = JSON.object(job.metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }).bytes
        return [
            ("EVENT_ID", plain(job.event.id.rawValue)), ("EVENT_TYPE", plain(job.event.type.rawValue)),
            ("RESPONSE_ID", plain(job.event.response?.rawValue)), ("STATUS", status?.rawValue),
            ("UPSTREAM", plain(job.event.upstream?.rawValue)), ("MODEL", plain(response?.model)),
            ("WATCH_ID", plain(job.event.watch?.rawValue)), ("DELIVERY_ID", plain(job.delivery.id.rawValue)),
            ("ATTEMPT", "\(number)"),
            // JSON escapes control characters, so there are none in it.
            ("METADATA", metadata.count <= maximumMetadataBytes ? String(decoding: metadata, as: UTF8.self) : nil),
        ]
    }

    private static func plain(_ text: String?) -> String? {
        guard let text else { return nil }
        var plain = ""
        var bytes = 0
        for character in text {
            let safe = String(
                String.UnicodeScalarView(character.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
            bytes += safe.utf8.count
            guard bytes <= maximumFactBytes else { break }
            plain += safe
        }
        return plain
    }
}
