package import RingbackCore
package import Transport

/// How long the certificates that a server shows are still good.
package enum CertificateJudgement {
    /// Whoever renews certificates by hand wants to hear of it this long before.
    static let warning: Duration = .seconds(14 * 86_400)

    /// - Parameter subject: Whose server it is.
    /// - Returns: `nil` when it showed none.
    package static func finding(_ subject: String, _ look: ServerLook, now: Timestamp) -> Finding? {
        guard let first = look.certificates.min(by: { $0.expires < $1.expires }) else { return nil }
        let left = first.expires - now
        let days = Int(left.inSeconds / 86_400)
        let day = first.expires.rfc3339.prefix(10)
        let whose = look.certificates.first == first ? "its certificate" : "a certificate of its chain (\(first.subject))"
        if left <= .zero {
            return Finding(
                .certificate, .serious, subject: subject, "\(whose) expired on \(day): connections to it fail",
                advice: "have it renewed by whoever runs that server")
        }
        guard left < warning else { return Finding(.certificate, .ok, subject: subject, "\(whose) is good until \(day)") }
        return Finding(
            .certificate, .note, subject: subject, "\(whose) expires on \(day), in \(days == 1 ? "1 day" : "\(days) days")",
            advice: "have it renewed by whoever runs that server")
    }
}
