/// How much a stream of events may make its reader keep in memory.
package struct EventStreamLimits: Sendable, Hashable {
    /// A terminal event carries the whole response on one line, so both bounds are those of a response object.
    package static let defaultLineBytes = 32 * 1024 * 1024
    package static let defaultEventBytes = 32 * 1024 * 1024

    /// One line with its field's name, without its end. Comments too, though they are not kept.
    package var lineBytes: Int
    /// The data of one event, with a line feed between its lines.
    package var eventBytes: Int

    package init(lineBytes: Int = defaultLineBytes, eventBytes: Int = defaultEventBytes) {
        self.lineBytes = lineBytes
        self.eventBytes = eventBytes
    }
}
