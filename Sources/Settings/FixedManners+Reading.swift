import RingbackCore

extension FixedManners {
    /// Reads `upstreams[].manners`; nothing is fixed where it is absent.
    init(reading fields: Fields?) {
        self.init()
        guard let fields else { return }
        stream = fields.fixedFlag("stream")
        streamUnrequested = fields.fixedFlag("stream_unrequested")
        resume = fields.fixedFlag("resume")
        streamWindow = fields.fixedWindow("stream_window")
        fields.finish()
        if stream == false, streamUnrequested == true {
            fields.report(
                "says that some responses are streamed, and 'stream' says that none is", at: "stream_unrequested",
                suggestion: "keep one of them")
        }
    }

    /// As the configuration writes them.
    var words: [(key: String, word: String)] {
        let window =
            switch streamWindow {
            case .unlimited?: "unlimited"
            case .limited(let limit)?: limit.text
            case nil: "auto"
            }
        return [
            ("stream", Self.word(stream)), ("stream_unrequested", Self.word(streamUnrequested)), ("resume", Self.word(resume)),
            ("stream_window", window),
        ]
    }

    private static func word(_ flag: Bool?) -> String {
        flag.map { $0 ? "yes" : "no" } ?? "auto"
    }
}

extension Fields {
    /// `yes`, `no` or `auto`, and what YAML's readers take for the first two.
    fileprivate func fixedFlag(_ key: String) -> Bool? {
        guard let text = text(key) else { return nil }
        switch text.lowercased() {
        case "yes", "true": return true
        case "no", "false": return false
        case "auto": return nil
        default:
            report("'\(text)' is none of the choices", at: key, suggestion: "write yes, no or auto")
            return nil
        }
    }

    fileprivate func fixedWindow(_ key: String) -> FixedManners.Window? {
        guard let value = value(key), let text = text(of: value, path: subpath(key)) else { return nil }
        switch text.lowercased() {
        case "unlimited": return .unlimited
        case "auto": return nil
        default:
            guard Duration(text: text) != nil else {
                report("'\(text)' is none of the choices", at: key, suggestion: "write a duration such as 5m, unlimited or auto")
                return nil
            }
            return duration(of: value, path: subpath(key), in: .seconds(1) ... .seconds(365 * 86_400)).map { .limited($0) }
        }
    }
}
