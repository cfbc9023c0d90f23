import RingbackCore

/// RFC 5322, section 3.3: `Wed, 25 Nov 2026 16:32:07 +0000`, always in UTC.
enum MailDate {
    static func text(of time: Timestamp) -> String {
        let seconds = time.unixSeconds
        let days = Int(floorDivided(seconds, by: 86_400))
        let secondOfDay = Int(seconds - Int64(days) * 86_400)
        // 1970-01-01 was a Thursday.
        let weekday = weekdays[((days + 4) % 7 + 7) % 7]
        // "yyyy-mm-dd" of the text that the store's times have.
        let date = time.rfc3339.prefix(10).split(separator: "-")
        let month = months[(Int(date[1]) ?? 1) - 1]
        let clock = [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { "\($0 + 100)".dropFirst() }.joined(separator: ":")
        return "\(weekday), \(date[2]) \(month) \(date[0]) \(clock) +0000"
    }

    private static func floorDivided(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
