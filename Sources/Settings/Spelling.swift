import RingbackCore

/// Finds what somebody meant to write.
enum Spelling {
    /// Longer words are not compared: nobody mistypes them by two letters.
    private static let maximumLength = 64

    /// The candidate that is spelt nearly like `word`: equal but for case, `-` and `_`; at most two slips away; or a beginning of it.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let wanted = bare(word)
        guard !wanted.isEmpty, wanted.count <= maximumLength else { return nil }
        let near = candidates.map { (candidate: $0, distance: EditDistance.between(wanted, bare($0))) }.min { $0.distance < $1.distance }
        if let near, near.distance <= 1 { return near.candidate }
        let longer = candidates.first { candidate in
            let other = bare(candidate)
            return min(wanted.count, other.count) >= 3 && (other.starts(with: wanted) || wanted.starts(with: other))
        }
        if let longer { return longer }
        return near.flatMap { $0.distance == 2 && wanted.count > 3 ? $0.candidate : nil }
    }

    /// "did you mean …?", or the whole choice when nothing comes near.
    static func advice(for word: String, among candidates: [String]) -> String {
        if let nearest = nearest(to: word, among: candidates) { return "did you mean '\(nearest)'?" }
        return "write " + list(candidates)
    }

    /// `a, b or c`
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    private static func bare(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }
}
