/// What must hold of the rows of a store at any time, whoever works on it; looked for by what breaks it.
package enum StoreInvariant: String, Sendable, Hashable, CaseIterable {
    /// One event per (upstream, response, type).
    case eventsAreUnique = "events_unique"
    /// One end per response; only what was cancelled may complete after all.
    case endsAgree = "ends_agree"
    /// A watch that has ended by its response has the event that says so.
    case endsAreTold = "ends_told"
    /// A response that has ended is not followed any longer.
    case endedWatchesAreClosed = "ended_watches_closed"
    /// A watch is followed, or it has ended: nothing between.
    case watchesAreWhole = "watches_whole"
    /// One delivery per (event, endpoint).
    case deliveriesAreUnique = "deliveries_unique"
    /// The callback that came with a watch has a delivery of its outcome.
    case callbacksAreDelivered = "callbacks_delivered"
    /// A delivery is due, or leased, or it has ended as delivered, dead or abandoned: nothing between.
    case deliveriesAreWhole = "deliveries_whole"
    /// A delivery that arrived, or was given up after attempts, has them on record.
    case attemptsAreOnRecord = "attempts_on_record"
    /// A response that is said to be kept is there, and one that is there is said to be kept.
    case responsesAreAsSaid = "responses_as_said"
}

extension StoreInvariant {
    /// How far back ``callbacksAreDelivered`` looks is ?2; ?1 is the time now. Each row names one offender.
    var offenders: String {
        switch self {
        case .eventsAreUnique:
            """
            SELECT min(id) AS id FROM events WHERE response_id IS NOT NULL
            GROUP BY upstream, response_id, type HAVING count(*) > 1
            """
        case .endsAgree:
            """
            SELECT min(id) AS id FROM events WHERE \(Self.isEnd)
            GROUP BY upstream, response_id
            HAVING count(DISTINCT type) > 1 AND NOT (count(DISTINCT type) = 2
                AND sum(type = 'response.cancelled') > 0 AND sum(type = 'response.completed') > 0)
            """
        case .endsAreTold:
            """
            SELECT id FROM watches WHERE status BETWEEN 2 AND 7 AND NOT EXISTS (
                SELECT 1 FROM events WHERE events.watch = watches.seq AND events.type = CASE watches.status
                    WHEN 2 THEN 'response.completed' WHEN 3 THEN 'response.failed' WHEN 4 THEN 'response.incomplete'
                    WHEN 5 THEN 'response.cancelled' WHEN 6 THEN 'watch.lost' ELSE 'watch.expired' END)
            """
        case .endedWatchesAreClosed:
            // A watch that was stopped and registered again may be told an end that is on record already: only then does it close.
            """
            SELECT watches.id FROM watches JOIN events ON events.watch = watches.seq
            WHERE watches.status <= 1 AND events.type IN ('response.completed', 'response.failed', 'response.incomplete')
                AND events.created_at >= watches.created_at
            """
        case .watchesAreWhole:
            """
            SELECT id FROM watches WHERE status NOT BETWEEN 0 AND 8 OR (status <= 1) <> (terminal_at IS NULL)
            """
        case .deliveriesAreUnique:
            "SELECT min(id) AS id FROM deliveries GROUP BY event, endpoint HAVING count(*) > 1"
        case .callbacksAreDelivered:
            """
            SELECT events.id FROM events JOIN watches ON watches.seq = events.watch
            WHERE events.created_at >= ?2 AND events.created_at >= watches.created_at AND watches.callback IS NOT NULL
                AND (\(Self.isEnd) OR events.type IN ('watch.lost', 'watch.expired'))
                AND NOT EXISTS (
                    SELECT 1 FROM deliveries WHERE deliveries.event = events.seq AND deliveries.endpoint = 'callback:' || watches.id)
            """
        case .deliveriesAreWhole:
            """
            SELECT id FROM deliveries WHERE status NOT BETWEEN 0 AND 4 OR (status = 0) <> (due_at IS NOT NULL)
                OR (status = 1) <> (lease_until IS NOT NULL) OR (status >= 2) <> (ended_at IS NOT NULL)
                OR (status = 3) <> (dead_reason IS NOT NULL)
            """
        case .attemptsAreOnRecord:
            """
            SELECT id FROM deliveries WHERE (status = 2 OR attempts_in_all > 0)
                AND NOT EXISTS (SELECT 1 FROM attempts WHERE delivery = deliveries.seq)
            """
        case .responsesAreAsSaid:
            """
            SELECT id FROM events
            WHERE (response_state IS 0) <> EXISTS (SELECT 1 FROM responses WHERE responses.event = events.seq)
            """
        }
    }

    static let isEnd = """
        events.type IN ('response.completed', 'response.failed', 'response.incomplete', 'response.cancelled')
        """
}
