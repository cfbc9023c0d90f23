/// Host names beyond ASCII in the form that DNS knows: `bücher.example` is `xn--bcher-kva.example` (RFC 5891, section 4.4).
package enum InternationalName {
    /// - Returns: `nil` when a label has a character that one reader maps to another before encoding it, and the next does not: capitals beyond
    ///   ASCII, full-width and circled forms, `ß`, look-alikes of the dot, combining marks. Such a name has to be written in its ASCII form.
    package static func ascii(_ name: String) -> String? {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false).map { asciiLabel($0.unicodeScalars.map(lowercased)) }
        let known = labels.compactMap { $0 }
        return known.count == labels.count ? known.joined(separator: ".") : nil
    }

    private static func asciiLabel(_ scalars: [Unicode.Scalar]) -> String? {
        guard !scalars.allSatisfy(\.isASCII) else { return String(String.UnicodeScalarView(scalars)) }
        guard scalars.allSatisfy({ $0.isASCII || isStableLetter($0) }) else { return nil }
        return "xn--" + punycode(scalars)
    }

    /// Only ASCII has capitals that mean the same to everybody.
    private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        "A"..."Z" ~= scalar ? Unicode.Scalar(UInt8(scalar.value | 0x20)) : scalar
    }

    private static func isStableLetter(_ scalar: Unicode.Scalar) -> Bool {
        // Jamo join to syllables under normalization.
        let jamo: [ClosedRange<UInt32>] = [0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF]
        guard !scalar.properties.changesWhenNFKCCaseFolded, !jamo.contains(where: { $0.contains(scalar.value) }) else { return false }
        return [.lowercaseLetter, .otherLetter].contains(scalar.properties.generalCategory)
    }

    // MARK: Punycode (RFC 3492)

    private static let base = 36
    private static let skew = 38
    private static let damp = 700
    private static let firstCodePoint = 0x80

    /// Section 6.3 of the RFC. No overflow: a URL is far too short for one.
    private static func punycode(_ scalars: [Unicode.Scalar]) -> String {
        let basic = scalars.filter(\.isASCII).map { Character($0) }
        var output = String(basic) + (basic.isEmpty ? "" : "-")
        var codePoint = firstCodePoint
        var delta = 0
        var bias = 72
        var handled = basic.count
        while let next = scalars.map({ Int($0.value) }).filter({ $0 >= codePoint }).min() {
            delta += (next - codePoint) * (handled + 1)
            codePoint = next
            for scalar in scalars {
                if scalar.value < codePoint { delta += 1 }
                guard scalar.value == codePoint else { continue }
                output += digits(of: delta, bias: bias)
                bias = adapted(delta: delta, count: handled + 1, isFirst: handled == basic.count)
                delta = 0
                handled += 1
            }
            delta += 1
            codePoint += 1
        }
        return output
    }

    /// A generalized variable-length integer (section 3.3).
    private static func digits(of number: Int, bias: Int) -> String {
        var rest = number
        var text = ""
        for position in stride(from: base, to: Int.max, by: base) {
            let threshold = min(max(position - bias, 1), 26)
            guard rest >= threshold else { break }
            text.append(digit(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
        }
        text.append(digit(rest))
        return text
    }

    private static func digit(_ value: Int) -> Character {
        Character(Unicode.Scalar(UInt8(value < 26 ? Int(UInt8(ascii: "a")) + value : Int(UInt8(ascii: "0")) + value - 26)))
    }

    /// Section 6.1 of the RFC.
    private static func adapted(delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var steps = 0
        while delta > (base - 1) * 26 / 2 {
            delta /= base - 1
            steps += base
        }
        return steps + base * delta / (delta + skew)
    }
}
