import Presets
import RingbackCore

extension PresetTarget {
    /// Reads `preset` and `with` of an endpoint. Each parameter may be in a file: `<name>_file`.
    ///
    /// - Returns: `nil` after a report.
    init?(reading fields: Fields, presets: PresetLibrary) {
        let name = fields.text("preset")
        guard let name, let preset = presets[name] else {
            fields.allow("with")
            guard let name else { return nil }
            fields.report("there is no preset '\(name)'", at: "preset", suggestion: Spelling.advice(for: name, among: presets.names))
            return nil
        }
        let place = fields.value("with")?.place ?? fields.place
        let path = fields.has("with") ? fields.subpath("with") : fields.path
        let with = fields.fields("with") ?? Fields([], path: path, place: place, inspection: fields.inspection)
        var given: [String: String] = [:]
        var unread: Set<String> = []
        for parameter in preset.allParameters where with.has(parameter.name) || with.has(parameter.name + "_file") {
            if let value = with.textOrFile(parameter.name) { given[parameter.name] = value } else { unread.insert(parameter.name) }
        }
        for parameter in preset.allParameters { with.allow(parameter.name, parameter.name + "_file") }
        with.finish()
        switch preset.target(with: given) {
        case .success(let target):
            guard unread.isEmpty else { return nil }
            self = target
        case .failure(let error):
            for problem in error.problems where !unread.contains(problem.name) {
                let key = with.has(problem.name) ? problem.name : problem.name + "_file"
                if with.has(key) {
                    with.report(problem.message, at: key, suggestion: problem.suggestion)
                } else {
                    with.inspection.report(
                        "'\(problem.name)' \(problem.message)", at: place, path: path, suggestion: problem.suggestion)
                }
            }
            return nil
        }
    }
}
