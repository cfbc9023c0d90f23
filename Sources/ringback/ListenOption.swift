import ArgumentParser

/// `HOST:PORT`, `:PORT` or `PORT` on the command line.
struct ListenOption: ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        let separator = argument.lastIndex(of: ":")
        let hostText = separator.map { String(argument[..<$0]) } ?? ""
        let portText = separator.map { String(argument[argument.index(after: $0)...]) } ?? argument
        guard let port = Int(portText), (0...65535).contains(port) else { return nil }
        self.port = port
        host = hostText.isEmpty ? "127.0.0.1" : hostText.trimmingBrackets()
    }

    var description: String { "\(host):\(port)" }
    var defaultValueDescription: String { description }
}

extension String {
    /// `[::1]` as `::1`: the brackets belong to the URL's spelling, not to the address.
    fileprivate func trimmingBrackets() -> String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
