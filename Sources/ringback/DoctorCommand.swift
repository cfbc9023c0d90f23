import ArgumentParser
import Control
import Doctor
import RingbackCore
import Settings
import Store
import StoreSQLite

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks for what does not work, or will not much longer.",
        discussion: """
            Looks at the store, the server, upstreams and their keys, endpoints and what the guard thinks of them, certificates, the clock,
            and the limits of the machine, beside a running server or without one. Reads only, and sends nothing to endpoints.

            --fix mends the store while no server uses it: what is in limbo is made due or followed again, rows that refer to nothing are
            removed, and a file that cannot shrink is written anew. Back the store up first.

            Run it as the user that runs the server. Exits 0 when nothing is serious, 1 when something is, 2 for a mistake in the
            configuration.
            """
    )

    @Option(help: ArgumentHelp("The configuration file; without it the one that `ringback serve` finds.", valueName: "file"))
    var config: String?

    @Flag(help: "Mend what can be mended without guessing, then look.")
    var fix = false

    @Flag(help: "Ask nobody outside this machine.")
    var offline = false

    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() async throws {
        let settings = try ConfiguredSettings(file: config).settings
        let mended = fix ? try Self.mend(settings) : nil
        let findings = try await Examination(settings: settings, isOffline: offline).run()
        if json {
            let report = DoctorReport(ok: !findings.isSerious, mended: mended, findings: findings)
            Terminal.print(bytes: try APICoding.encode(report))
        } else {
            for step in mended ?? [] { Terminal.print("mended: \(step.what): \(step.rows)") }
            if mended?.isEmpty == true { Terminal.print("mended: nothing; there was nothing to mend") }
            Terminal.print(Self.text(findings))
        }
        // Everything was said already.
        if findings.isSerious { throw CommandFailure("") }
    }

    private static func mend(_ settings: Settings) throws -> [DoctorReport.Mended] {
        guard case .sqlite(let path) = settings.store else { throw CommandFailure("only a store in SQLite can be mended") }
        do {
            return try StoreRepair(path: path, now: SystemTime().wallNow).run().map { DoctorReport.Mended(what: $0.what, rows: $0.rows) }
        } catch {
            throw CommandFailure("nothing was mended: \(error)")
        }
    }

    static func text(_ findings: [Finding]) -> String {
        let lines = findings.sorted { $0.severity.rank > $1.severity.rank }.map { finding in
            let subject = finding.subject.map { " \($0)" } ?? ""
            let advice = finding.advice.map { "\n          \(Printable.text($0))" } ?? ""
            return "\(finding.severity.word)  \(finding.check.rawValue)\(subject): \(Printable.text(finding.what))\(advice)"
        }
        let serious = findings.filter { $0.severity == .serious }.count
        let notes = findings.filter { $0.severity == .note }.count
        let sum = serious == 0 ? "Nothing serious" : "\(serious) serious"
        return (lines + ["", "\(sum), \(notes == 1 ? "1 note" : "\(notes) notes"), \(findings.count - serious - notes) in order."])
            .joined(separator: "\n")
    }
}

/// `ringback doctor --json`.
private struct DoctorReport: Codable {
    struct Mended: Codable {
        let what: String
        let rows: Int
    }

    let ok: Bool
    /// `nil`: nothing was to be mended.
    let mended: [Mended]?
    let findings: [Finding]
}

extension Finding.Severity {
    fileprivate var rank: Int {
        switch self {
        case .serious: 2
        case .note: 1
        case .ok: 0
        }
    }

    /// Of one width.
    fileprivate var word: String {
        switch self {
        case .serious: "SERIOUS"
        case .note: "note   "
        case .ok: "ok     "
        }
    }
}
