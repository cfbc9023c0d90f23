/// One pass over a configuration: remembers everything that is wrong, and opens the files that are named in it.
final class Inspection {
    private struct Finding: Hashable {
        let place: SettingsPlace
        let path: String
        let message: String
        let suggestion: String?
    }

    private let readFile: (String) throws -> String
    private var findings: [Finding] = []

    init(readFile: @escaping (String) throws -> String) {
        self.readFile = readFile
    }

    func report(_ message: String, at place: SettingsPlace, path: String, suggestion: String? = nil) {
        findings.append(Finding(place: place, path: path, message: message, suggestion: suggestion))
    }

    /// The text of a file that the configuration names at `place`; reports why it cannot be read.
    func contents(of file: String, at place: SettingsPlace, path: String) -> String? {
        do {
            return try readFile(file)
        } catch {
            report("'\(file)' cannot be read: \(error)", at: place, path: path)
            return nil
        }
    }

    /// - Parameter source: The text the places are in, to quote from; `nil` when there is none.
    /// - Throws: ``SettingsErrors`` when anything was reported.
    func conclude(quoting source: SourceText?) throws(SettingsErrors) {
        guard !findings.isEmpty else { return }
        throw SettingsErrors(
            inOrder.map { finding in
                SettingsProblem(
                    place: finding.place, path: finding.path, message: finding.message, suggestion: finding.suggestion,
                    excerpt: source?.excerpt(at: finding.place)
                )
            })
    }

    /// By line and column; what has no line comes last. A value that is shared by an alias is read twice and complained about once.
    private var inOrder: [Finding] {
        struct Complaint: Hashable {
            let place: SettingsPlace
            let message: String
        }
        var seen: Set<Complaint> = []
        let unique = findings.filter { seen.insert(Complaint(place: $0.place, message: $0.message)).inserted }
        return unique.enumerated().sorted { left, right in
            (left.element.place.order, left.offset) < (right.element.place.order, right.offset)
        }.map(\.element)
    }
}

extension SettingsPlace {
    /// One number that grows with line and column. A line is never a million columns long: the file is bounded.
    fileprivate var order: Int {
        guard let line, let column else { return .max }
        return line * 2_000_000 + column
    }
}
