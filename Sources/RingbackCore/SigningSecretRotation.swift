// Changing what signs.
extension WebhookTarget {
    /// Keys that sign at the same time. Receivers look at a few signatures per callback; a list that grows with every rotation helps nobody.
    package static let maximumSecrets = 8

    /// The signing secrets after a rotation: the new one first, and each of the others until `overlap` has passed, or until it would have
    /// ended anyway. What has ended is dropped.
    ///
    /// - Returns: `nil` when more than ``maximumSecrets`` would sign: the oldest have to end first.
    package func secrets(rotatedTo secret: Secret, overlap: Duration, now: Timestamp) -> [SigningSecret]? {
        let end = now + overlap
        let kept = secrets.filter { $0.secret != secret }.map { old in
            SigningSecret(old.secret, expiresAt: min(old.expiresAt ?? end, end))
        }
        let rotated = [SigningSecret(secret)] + kept.filter { $0.signs(at: now) }
        return rotated.count <= Self.maximumSecrets ? rotated : nil
    }
}

extension SigningSecret {
    /// Whether it signs an attempt that is made at `time`.
    package func signs(at time: Timestamp) -> Bool {
        expiresAt.map { time < $0 } ?? true
    }
}
