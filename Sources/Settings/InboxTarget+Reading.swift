import RingbackCore

extension InboxTarget {
    /// What an endpoint with an inbox may have beside it.
    static let keys = ["output_text", "max_files", "owner", "group", "mode"]
    private static let maximumFiles = 1...100_000_000

    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let outputText = fields.flag("output_text")
        let maximumFiles = fields.has("max_files") ? fields.integer("max_files", default: 1, in: Self.maximumFiles) : nil
        let ownership = FileOwnership(owner: fields.text("owner"), group: fields.text("group"), mode: Self.mode(in: fields))
        guard let directory = fields.text("inbox") else { return nil }
        self.init(directory: directory, outputText: outputText, maximumFiles: maximumFiles, ownership: ownership)
    }

    /// Octal digits, with or without quotes: the text counts, not the number YAML would make of it.
    private static func mode(in fields: Fields) -> FileMode? {
        guard let text = fields.text("mode") else { return nil }
        guard let mode = FileMode(text: text) else {
            fields.report(
                "'\(text)' is not a mode of files that Ringback could write and read", at: "mode",
                suggestion: "write a zero and three octal digits, such as 0640, or 0660 to let the group take files")
            return nil
        }
        return mode
    }
}
