// What ticket systems make of texts: they look for names, numbers and commands, some of them without heeding the markup around.
extension Escape {
    /// Keeps `@name`, `#1`, `[code]` and `https://…` from being found in a text that has no markup, such as a title.
    static func unlinked(_ text: String) -> String {
        var result = ""
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            result.unicodeScalars.append(scalar)
            guard let next = rest.first else { continue }
            if scalar == "[" || parts(scalar, from: next, after: result) { result += wordJoiner }
        }
        return result
    }

    /// A fence for systems that look for names and commands by regular expressions, which take the first three backticks for its end: GitLab
    /// for lines that begin with a slash, Redmine for `@name`.
    static func quietFence(_ text: String) -> String {
        var quiet = ""
        var isLineStart = true
        for scalar in text.unicodeScalars {
            if isLineStart, scalar == "/" { quiet += wordJoiner }
            if scalar == "\n" {
                isLineStart = true
            } else if scalar != " ", scalar != "\t" {
                isLineStart = false
            }
            quiet.unicodeScalars.append(scalar)
            if scalar == "@" { quiet += wordJoiner }
        }
        return fenced(quiet)
    }

    /// Jira's block of text as it is. It has no escape of its own, so what would end it is pulled apart, as is what Jira reads as a name.
    static func noformat(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        return "{noformat}\n\(pulledApart(text, after: "{["))\n{noformat}"
    }

    /// Textile as Redmine has it knows no escape that works everywhere, but leaves entities alone.
    static func textile(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.isASCIIPunctuation, scalar != "." {
                result += "&#\(scalar.value);"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A block of text as it is in Redmine's Textile, where a tag within would end it.
    static func textilePre(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        return "<pre>\n\(pulledApart(text, after: "<@"))\n</pre>"
    }

    private static func pulledApart(_ text: String, after special: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            if special.unicodeScalars.contains(scalar) { result += wordJoiner }
        }
        return result
    }
}
