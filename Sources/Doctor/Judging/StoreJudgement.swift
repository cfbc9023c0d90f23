package import RingbackCore
package import StoreSQLite

/// What a store's report means, given what is configured and whether somebody works on the store.
package struct StoreJudgement {
    /// A lease that ran out so long ago, or a delivery that is due for so long, waits for somebody who does not come.
    static let patience: Duration = .seconds(600)
    /// Unused room that is worth a word: so much of the file, and so many bytes.
    static let wastedShare = 0.5
    static let wastedBytes = 64 << 20
    /// A write-ahead log this long means that a reader holds it open, or that checkpoints fail.
    static let longLog = 1 << 30

    private let report: StoreReport
    private let upstreams: [Upstream]
    private let directory: EndpointDirectory
    private let isInUse: Bool
    private let now: Timestamp

    /// - Parameters:
    ///   - upstreams: Those of the configuration.
    ///   - endpoints: Those of the configuration and of the store.
    ///   - isInUse: Whether a server holds the store.
    package init(_ report: StoreReport, upstreams: [Upstream], endpoints: [Endpoint], isInUse: Bool, now: Timestamp) {
        self.report = report
        self.upstreams = upstreams
        directory = EndpointDirectory(endpoints)
        self.isInUse = isInUse
        self.now = now
    }

    package var findings: [Finding] {
        if report.schema > report.newestSchema { return [newer] }
        var findings = damage
        guard report.damage.isEmpty else { return findings }
        guard report.schema == report.newestSchema else { return findings + [older] }
        findings += dangling + report.broken.map(broken) + secrets + missed + limbo + waiting + space
        return findings.contains { $0.severity == .serious } ? findings : [whole] + findings
    }

    private var whole: Finding { Finding(.store, .ok, "the store is whole (schema \(report.schema)): nothing in it is in limbo") }

    private var newer: Finding {
        Finding(
            .store, .serious, "the store was written by a newer Ringback (schema \(report.schema), this one knows \(report.newestSchema))",
            advice: "use that version")
    }

    private var older: Finding {
        Finding(
            .store, .note, "the store has the schema \(report.schema): it is brought to \(report.newestSchema) at the next start",
            advice: "look again after that; only the file itself was looked at now")
    }

    private var damage: [Finding] {
        guard let first = report.damage.first else { return [] }
        let more = report.damage.count > 1 ? ", and \(report.damage.count - 1) more" : ""
        return [
            Finding(
                .store, .serious, "the database file is damaged: \(first)\(more)",
                advice: "stop the server and restore a backup (ringback restore); look for a failing disk")
        ]
    }

    private var dangling: [Finding] {
        report.dangling.sorted { $0.key < $1.key }.map { table, count in
            Finding(
                .store, .serious, "\(count) rows of \(table) refer to rows that are not there",
                advice: Self.fix)
        }
    }

    private static let fix = "stop the server and run ringback doctor --fix"

    private func broken(_ broken: StoreReport.Broken) -> Finding {
        let count = broken.count == StoreExamination.countedOffenders ? "\(broken.count) or more" : "\(broken.count)"
        let words = Self.words(broken.invariant)
        return Finding(
            .store, .serious, "\(words.what): \(count), such as \(broken.examples.joined(separator: ", "))", advice: words.advice)
    }

    private static func words(_ invariant: StoreInvariant) -> (what: String, advice: String) {
        let report = "back the store up and report this: it cannot happen by anything but damage or a mistake of Ringback"
        return switch invariant {
        case .eventsAreUnique: ("events that are there twice", report)
        case .endsAgree: ("responses with ends that contradict each other", report)
        case .endsAreTold: ("watches that ended without the event that says so", "\(fix): they are followed again")
        case .endedWatchesAreClosed: ("watches that are followed although their response has ended", "\(fix): they are closed")
        case .watchesAreWhole: ("watches that are neither followed nor ended", "\(fix): they are followed again")
        case .deliveriesAreUnique: ("deliveries that are there twice", report)
        case .callbacksAreDelivered:
            ("events without a delivery to the callback that came with the watch", "tell the callback's owner; then report this")
        case .deliveriesAreWhole: ("deliveries that are neither due, nor under way, nor ended", "\(fix): they are made due")
        case .attemptsAreOnRecord: ("deliveries whose attempts are not on record", report)
        case .responsesAreAsSaid: ("events that say something else about their response than is kept", fix)
        }
    }

    private var secrets: [Finding] {
        var findings: [Finding] = []
        if let problem = report.keyProblem {
            findings.append(Finding(.store, .serious, problem, advice: "without it, callbacks' secrets and headers in the store are lost"))
        }
        if report.unreadableSecrets > 0 {
            findings.append(
                Finding(
                    .store, .serious, "\(report.unreadableSecrets) sealed values do not open with any of the keys",
                    advice: "give the key that sealed them among previous_master_keys, or restore a backup"))
        }
        return findings
    }

    // MARK: Matching deliveries

    /// Events of the last day and the endpoints that should have them. What an endpoint asked for then is not on record, only what it asks
    /// for now: so only where a watch names it is the verdict certain.
    private var missed: [Finding] {
        var named: [EndpointName: Int] = [:]
        var matching: [EndpointName: Int] = [:]
        for event in report.recentEvents {
            for name in event.named where !event.delivered.contains(name) {
                if directory[name].map({ $0.asks(event) }) == true { named[name, default: 0] += 1 }
            }
            guard event.named.isEmpty else { continue }
            for endpoint in directory.all where endpoint.match.metadata.isEmpty && !event.delivered.contains(endpoint.name) {
                let isMeant = endpoint.match.holds(upstream: event.upstream, model: event.model, metadata: [:])
                if isMeant, endpoint.asks(event) { matching[endpoint.name, default: 0] += 1 }
            }
        }
        return named.sorted { $0.key < $1.key }.map { name, count in
            Finding(
                .store, .serious, subject: name.rawValue,
                "\(count) events of the last day have no delivery to it although their watch names it",
                advice: "ringback endpoints replay \(name) --since 24h")
        }
            + matching.sorted { $0.key < $1.key }.map { name, count in
                Finding(
                    .store, .note, subject: name.rawValue,
                    "\(count) events of the last day have no delivery to it although it asks for such events now",
                    advice: "if it did then too: ringback endpoints replay \(name) --since 24h --dry-run")
            }
    }

    // MARK: Limbo

    private var limbo: [Finding] {
        let known = Set(upstreams.map(\.name))
        var findings = report.openWatches.sorted { $0.key < $1.key }.filter { !known.contains($0.key) }.map { name, watches in
            Finding(
                .store, .serious, subject: name.rawValue,
                "\(watches.count) open watches belong to an upstream that the configuration does not have: nobody follows them",
                advice: "put the upstream back, or stop the watches: DELETE /v1/watches/{id}")
        }
        for upstream in upstreams {
            guard let watches = report.openWatches[upstream.name], isInUse,
                now - watches.oldest > upstream.maximumWatchAge + Self.patience + Self.patience
            else { continue }
            // A watch may have an age limit of its own, which is longer.
            findings.append(
                Finding(
                    .store, .note, subject: upstream.name.rawValue,
                    "its oldest open watch is older than max_watch_age: since \(watches.oldest.rfc3339)",
                    advice: "unless it was registered with a longer max_age, restart the server"))
        }
        guard isInUse else { return findings }
        if report.watchesOfDeadNodes > 0 {
            findings.append(
                Finding(
                    .store, .serious,
                    "\(report.watchesOfDeadNodes) open watches are held by a process that is gone, and nobody takes them over",
                    advice: "restart the server"))
        }
        if let look = report.oldestSecondLook, now - look > Self.patience {
            findings.append(
                Finding(
                    .store, .note, "a cancelled response was to be looked at again at \(look.rfc3339), and was not",
                    advice: "see whether its upstream answers"))
        }
        return findings
    }

    private var waiting: [Finding] {
        report.waiting.sorted { $0.key < $1.key }.flatMap { name, waiting -> [Finding] in
            var findings: [Finding] = []
            if isInUse, let lease = waiting.oldestLease, now - lease > Self.patience {
                findings.append(
                    Finding(
                        .store, .serious, subject: name.rawValue,
                        "a delivery to it is leased by somebody whose lease ended at \(lease.rfc3339), and nobody takes it over",
                        advice: "restart the server"))
            }
            if isInUse, let due = waiting.oldestDue, now - due > Self.patience, directory[name]?.isEnabled ?? name.isCallback {
                findings.append(
                    Finding(
                        .store, .note, subject: name.rawValue, "\(waiting.count) deliveries to it wait, the oldest since \(due.rfc3339)",
                        advice: "see ringback endpoints show \(name): its circuit breaker may be open"))
            }
            if waiting.count > 0, directory[name] == nil, !name.isCallback {
                findings.append(
                    Finding(
                        .store, .note, subject: name.rawValue,
                        "\(waiting.count) deliveries wait for an endpoint that is not there any more",
                        advice: "put it back before they die, or let them: they become dead letters"))
            }
            return findings
        }
    }

    // MARK: Space

    private var space: [Finding] {
        let space = report.space
        var findings: [Finding] = []
        let size = MachineJudgement.size
        if !space.shrinks, space.unused >= Self.wastedBytes, Double(space.unused) >= Double(space.file) * Self.wastedShare {
            findings.append(
                Finding(
                    .store, .note,
                    "\(size(space.unused)) of the file's \(size(space.file)) are unused, and it cannot give them back by itself",
                    advice: "stop the server and run ringback doctor --fix once; it needs room for a second file"))
        }
        if space.log >= Self.longLog {
            findings.append(
                Finding(
                    .store, .note, "the write-ahead log is \(size(space.log)) long",
                    advice: "a program may hold the database open, such as a sqlite3 shell: close it"))
        }
        return findings
    }
}

extension Endpoint {
    fileprivate func asks(_ event: StoreReport.RecentEvent) -> Bool {
        events.contains { $0.matches(event.type) } && match.admits(event.status)
    }
}
