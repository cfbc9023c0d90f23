import Foundation

/// Tells a person what is going on, on standard error, so that standard output is the table or the JSON alone.
enum Terminal {
    static func say(_ text: String) {
        // Whoever closed standard error does not want to know.
        try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
    }
}
