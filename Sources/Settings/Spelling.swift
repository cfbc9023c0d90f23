/// Finds what somebody meant to write.
enum Spelling {
    /// Longer words are not compared: nobody mistypes them by two letters.
    private static let maximumLength = 64

    /// The candidate that is spelt nearly like `word`: equal but for case, `-` and `_`; at most two slips away; or a beginning of it.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let wanted = bare(word)
        guard !wanted.isEmpty, wanted.count <= maximumLength else { return nil }
        let near = candidates.map { (candidate: $0, distance: distance(wanted, bare($0))) }.min { $0.distance < $1.distance }
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

    /// How many letters must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let replaced = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var best = min(replaced, last[column] + 1, current[column - 1] + 1)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
