import RingbackCore

/// Secrets, files and what may hold secrets. Nothing here puts a value into a problem.
extension Fields {
    /// What is written under `key`, or in the file that `<key>_file` names; a line break at the file's end does not belong to it.
    func secret(_ key: String) -> Secret? {
        textOrFile(key).map { Secret($0) }
    }

    func textOrFile(_ key: String) -> String? {
        let fileKey = key + "_file"
        allow(key, fileKey)
        guard has(fileKey) else { return text(key) }
        guard !has(key) else {
            report("'\(fileKey)' beside '\(key)'", at: fileKey, suggestion: "keep one of them")
            return nil
        }
        guard let file = text(fileKey), let contents = contents(of: file, named: fileKey) else { return nil }
        var trimmed = contents
        while trimmed.last?.isNewline == true { trimmed.removeLast() }
        guard !trimmed.isEmpty else {
            report("the file '\(file)' is empty", at: fileKey)
            return nil
        }
        return trimmed
    }

    /// A file that another part will open later: it is opened now too, so that a wrong path shows at once.
    func readableFile(_ key: String) -> String? {
        guard let file = text(key), contents(of: file, named: key) != nil else { return nil }
        return file
    }

    private func contents(of file: String, named key: String) -> String? {
        value(key).flatMap { inspection.contents(of: file, at: $0.place, path: subpath(key)) }
    }

    /// A URL under `key` or in the file `<key>_file`.
    func url(_ key: String) -> HTTPURL? {
        guard let text = textOrFile(key) else { return nil }
        do {
            return try HTTPURL(validating: text)
        } catch {
            report(error.description, at: has(key) ? key : key + "_file")
            return nil
        }
    }

    /// A secret that goes into a header line.
    func headerSecret(_ key: String) -> Secret? {
        guard let secret = secret(key) else { return nil }
        guard HeaderText.isValue(secret.reveal()) else {
            report("has a character that no HTTP header can carry, such as a line break", at: has(key) ? key : key + "_file")
            return nil
        }
        return secret
    }

    /// The mapping of header names to values under `headers`.
    ///
    /// - Parameter reserved: Lower-case names that Ringback itself sets, with the reason or the key to use instead.
    func headers(reserved: [String: String]) -> [HeaderField] {
        guard let fields = fields("headers") else { return [] }
        var names: Set<String> = []
        return fields.all().compactMap { entry in
            let path = fields.subpath(entry.key)
            let name = entry.key.lowercased()
            guard HeaderText.isName(entry.key) else {
                inspection.report(
                    "no header can have this name", at: entry.place, path: path, suggestion: "write a name such as X-Environment")
                return nil
            }
            if let reason = reserved[name] {
                inspection.report("Ringback sets '\(entry.key)' itself", at: entry.place, path: path, suggestion: reason)
                return nil
            }
            guard names.insert(name).inserted else {
                inspection.report("the header '\(entry.key)' is there already", at: entry.place, path: path, suggestion: "keep one of them")
                return nil
            }
            guard let value = text(of: entry.value, path: path) else { return nil }
            guard HeaderText.isValue(value) else {
                inspection.report("has a character that no HTTP header can carry", at: entry.value.place, path: path)
                return nil
            }
            return HeaderField(entry.key, Secret(value))
        }
    }
}

/// What may stand in a header line (RFC 9110, sections 5.1, 5.5 and 5.6.2).
enum HeaderText {
    /// Lower-case names of headers that belong to the connection or the body: setting them would garble the request.
    static let framing: [String: String] = Dictionary(
        uniqueKeysWithValues: ["host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"].map {
            ($0, "remove it")
        }
    )

    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 } && text.first != " " && text.last != " "
    }
}
