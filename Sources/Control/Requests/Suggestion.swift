import RingbackCore

/// "Did you mean": the nearest of the known words, when one is near.
enum Suggestion {
    /// How many letters may be wrong, missing or too many.
    private static let tolerance = 2

    /// Longer words are not compared: the cost grows with the square, and the input is a stranger's.
    private static let longestWord = 128

    /// ` Did you mean 'x'?`, or the list of what is known, or nothing when nothing is known.
    static func text(for word: String, among known: [String]) -> String {
        if let near = nearest(to: word, among: known) { return " Did you mean '\(near)'?" }
        guard !known.isEmpty else { return "" }
        let shown = known.sorted().prefix(20)
        let rest = known.count > shown.count ? ", …" : ""
        return " Known: \(shown.joined(separator: ", "))\(rest)."
    }

    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= longestWord, !word.isEmpty else { return nil }
        let lowered = word.lowercased()
        let letters = Array(lowered.utf8)
        let candidates = known.map { (word: $0, distance: EditDistance.between(letters, Array($0.lowercased().utf8))) }
        if let best = candidates.min(by: { $0.distance < $1.distance }), best.distance <= min(tolerance, max(1, word.count / 2)) {
            return best.word
        }
        guard lowered.count >= 3 else { return nil }
        return known.first { $0.lowercased().hasPrefix(lowered) || lowered.hasPrefix($0.lowercased()) }
    }
}
