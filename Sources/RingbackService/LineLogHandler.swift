package import Foundation
package import Logging
import RingbackCore

/// Writes each log message as one line to standard error: JSON for machines, plain text for a person at a terminal.
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        case json
        case text
    }

    /// Longer lines are cut: a log must stay readable, and its writer must not be at the mercy of a value's size.
    static let maximumLineBytes = 16 * 1024

    package var logLevel: Logger.Level {
        get { ownLevel ?? shared.level }
        set { ownLevel = newValue }
    }

    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Format
    private let output: FileHandle
    private let shared: LogLevelSwitch
    /// Of a logger whose level was set apart from the others'.
    private var ownLevel: Logger.Level?

    package init(label: String, format: Format, logLevel: LogLevelSwitch, output: FileHandle = .standardError) {
        self.label = label
        self.format = format
        shared = logLevel
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        let time = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).rfc3339
        var line =
            switch format {
            case .json: jsonLine(time: time, level: event.level, message: event.message, fields: fields)
            case .text: textLine(time: time, level: event.level, message: event.message, fields: fields)
            }
        if line.utf8.count > Self.maximumLineBytes { line = String(line.prefix(Self.maximumLineBytes)) }
        // One write per line, so that lines of several threads never mix. A log that cannot be written has nobody left to tell.
        try? output.write(contentsOf: Data((line + "\n").utf8))
    }

    private func jsonLine(time: String, level: Logger.Level, message: Logger.Message, fields: Logger.Metadata) -> String {
        var object = fields.mapValues(\.description)
        object["time"] = time
        object["level"] = level.rawValue
        object["logger"] = label
        object["message"] = message.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(object) else {
            return "{\"level\":\"error\",\"message\":\"a log message could not be encoded\"}"
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func textLine(time: String, level: Logger.Level, message: Logger.Message, fields: Logger.Metadata) -> String {
        let details = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.singleLine($0.value.description))" }.joined()
        return "\(time.dropFirst(11)) \(level.rawValue) \(Self.singleLine(message.description))\(details)"
    }

    /// Text that came from outside must not be able to begin a line of its own.
    private static func singleLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } == true ? " " : $0 })
    }
}
