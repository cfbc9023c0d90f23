import ArgumentParser
import RingbackCore

/// Where the bridge is and how to authenticate: the same for every client command.
struct ServerOptions: ParsableArguments {
    static let standardServer = "http://127.0.0.1:8787"

    @Option(help: ArgumentHelp("The bridge's address. Also: RINGBACK_SERVER (default: \(ServerOptions.standardServer)).", valueName: "url"))
    var server: String?

    @Option(help: "A bearer token of the bridge. Better: set RINGBACK_TOKEN, which process lists do not show.")
    var token: String?

    /// - Throws: ``CommandFailure`` when the address is none.
    func address() throws -> HTTPURL {
        let text = server ?? environmentVariable("RINGBACK_SERVER") ?? Self.standardServer
        do {
            return try HTTPURL(validating: text)
        } catch {
            throw CommandFailure("the server's address: \(error)", exitCode: ExitReport.usage)
        }
    }

    var secret: Secret? {
        (token ?? environmentVariable("RINGBACK_TOKEN")).map { Secret($0) }
    }
}

/// `--json`: the same for every command that shows something.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print exactly the API's JSON.")
    var json = false
}

/// Where in a list to look: the same for every list.
struct PageOptions: ParsableArguments {
    @Option(help: "How many to show, 1 to 500.")
    var limit = 50

    @Option(help: "Where to go on: the cursor that the page before names.")
    var cursor: String?

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit is a number from 1 to 500") }
    }

    var query: [(name: String, value: String?)] {
        [("limit", "\(limit)"), ("cursor", cursor)]
    }
}
