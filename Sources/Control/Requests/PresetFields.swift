import AddressGuard
import Presets
import RawJSON
import RingbackCore

/// `preset` and `with` of an endpoint: `{"preset": "slack", "with": {"url": "…"}}`.
struct PresetFields {
    private let fields: Fields
    private let presets: PresetLibrary
    private let rule: CallbackGuard
    private let name: String?
    /// `nil` for a value that is to be taken away.
    private let with: [(name: String, value: String?)]

    init(_ fields: Fields, presets: PresetLibrary, rule: CallbackGuard) {
        self.fields = fields
        self.presets = presets
        self.rule = rule
        name = fields.string("preset")
        with = (fields.members("with") ?? []).map { member in
            switch member.value {
            case .string(let text): (member.key, text)
            case .bool(let flag): (member.key, "\(flag)")
            case .integer(let number): (member.key, "\(number)")
            case .null: (member.key, nil)
            case .number, .array, .object, .raw:
                Self.reportKind(of: member, fields)
            }
        }
    }

    private static func reportKind(of member: JSON.Member, _ fields: Fields) -> (name: String, value: String?) {
        fields.problems.add("\(fields.pointer / "with" / member.key)", "write a string, a number, true or false")
        return (member.key, nil)
    }

    /// The target of a new endpoint.
    ///
    /// - Returns: `nil` after a report.
    func newTarget() -> PresetTarget? {
        guard let name else { return nil }
        return target(name, with: [:])
    }

    /// An existing target with what is given in the place of what was there; `nil` after a report, or when nothing is given.
    func changed(_ target: PresetTarget) -> PresetTarget? {
        guard fields.has("with") else { return nil }
        return self.target(target.preset, with: target.values.mapValues { $0.reveal() })
    }

    /// Whether several events can be one message there; a preset that is gone is nothing to complain of here.
    func takesDigests(_ target: PresetTarget) -> Bool {
        presets[target.preset]?.takesDigests ?? true
    }

    private func target(_ name: String, with old: [String: String]) -> PresetTarget? {
        guard let preset = presets[name] else {
            fields.report("preset", "there is no preset of that name.\(Suggestion.text(for: name, among: presets.names))")
            return nil
        }
        var values = old
        for (name, value) in with { values[name] = value }
        for parameter in preset.parameters {
            guard let value = values[parameter.name] else { continue }
            switch parameter.kind {
            case .url, .baseURL: judge(value, parameter.name)
            case .text, .flag, .integer, .path: break
            }
        }
        switch preset.target(with: values) {
        case .success(let target): return target
        case .failure(let error):
            for problem in error.problems {
                let advice = problem.suggestion.map { ": \($0)" } ?? ""
                fields.problems.add("\(fields.pointer / "with" / problem.name)", problem.message + advice)
            }
            return nil
        }
    }

    /// The same rule as for the URL of a webhook, at the same moment.
    private func judge(_ url: String, _ name: String) {
        if let reason = rule.refusal(of: url) { fields.problems.add("\(fields.pointer / "with" / name)", reason) }
    }
}
