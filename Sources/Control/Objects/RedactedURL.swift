import RingbackCore

/// A URL as it may be shown: scheme, host and path. Queries and user information may hold credentials.
func redactedURL(_ text: String) -> String {
    do {
        return try HTTPURL(validating: text).redacted
    } catch {
        // Only a URL that was never checked gets here; not a character of it is safe to show.
        return "<redacted>"
    }
}
