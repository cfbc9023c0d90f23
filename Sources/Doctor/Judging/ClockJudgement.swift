import RingbackCore

/// How this machine's clock compares with that of a server.
package enum ClockJudgement {
    /// A `Date` header tells whole seconds, and answers travel: less than this says nothing.
    static let unremarkable: Duration = .seconds(5)
    /// Receivers of Standard Webhooks refuse what was signed longer ago, or later, than this.
    static let tolerated: Duration = .seconds(300)

    /// - Parameter skews: How far each server's clock is ahead of ours.
    package static func finding(_ skews: [String: Duration]) -> Finding? {
        // One server may be wrong; several that agree are right. The middle one speaks for them.
        let ordered = skews.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        guard !ordered.isEmpty else { return nil }
        let (name, skew) = ordered[ordered.count / 2]
        let distance = skew < .zero ? .zero - skew : skew
        let words =
            "this machine's clock is \(Duration.seconds(Int64(distance.inSeconds.rounded())).text) "
            + "\(skew < .zero ? "ahead of" : "behind") that of '\(name)'"
        if distance < unremarkable { return Finding(.clock, .ok, "this machine's clock agrees with that of '\(name)'") }
        if distance < tolerated {
            return Finding(.clock, .note, words, advice: "set it by NTP, for example `timedatectl set-ntp true`")
        }
        return Finding(
            .clock, .serious, words + ": receivers refuse callbacks whose signature is more than \(tolerated.text) off",
            advice: "set it by NTP, for example `timedatectl set-ntp true`")
    }
}
