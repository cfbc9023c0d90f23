import RingbackCore
import Sealing

/// Keys that seal the store's secrets.
extension Fields {
    func sealingKey(_ key: String) -> SealingKey? {
        guard let text = secret(key)?.reveal() else { return nil }
        return sealingKey(text) { report($0, at: has(key) ? key : key + "_file") }
    }

    /// A list of keys; or one text, or a file, in which they are separated by spaces or line breaks.
    func sealingKeys(_ key: String) -> [SealingKey] {
        if case .list = value(key)?.content {
            allow(key + "_file")
            if has(key + "_file") { report("'\(key)_file' beside '\(key)'", at: key + "_file", suggestion: "keep one of them") }
            return (elements(key) ?? []).compactMap { element in
                guard let text = text(of: element.value, path: element.path) else { return nil }
                return sealingKey(text) { inspection.report($0, at: element.value.place, path: element.path) }
            }
        }
        guard let text = secret(key)?.reveal() else { return [] }
        return text.split(whereSeparator: \.isWhitespace).compactMap { part in
            sealingKey(String(part)) { report($0, at: has(key) ? key : key + "_file") }
        }
    }

    private func sealingKey(_ text: String, report: (String) -> Void) -> SealingKey? {
        do {
            return try SealingKey(validating: text)
        } catch {
            report("\(error)")
            return nil
        }
    }
}
