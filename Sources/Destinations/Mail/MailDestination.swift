package import AddressGuard
package import Delivering
import MailMessage
import Presets
package import RingbackCore
package import Store
package import Transport

/// A mailbox, or a few: each recipient gets a mail of their own (contract, section 7).
///
/// The mail about an event is the same at each attempt, to the byte, with the same Message-ID: its date is the event's. Mail servers deliver
/// both copies when an answer was lost; mail programs can tell that they are one.
package struct MailDestination: Destination {
    /// All lines of the server together.
    private static let maximumAnswerBytes = 64 * 1024

    private let options: MailOptions
    private let endpoint: EndpointName
    private let limits: TransferLimits
    private let givesUpWhenUnclear: Bool
    private let transport: any MailTransport
    private let time: any TimeSource
    private let records: (any SinkStore)?
    /// What a success proves.
    private let evidence: SinkEvidence
    /// Where the guard judges; `nil` for the operator's own endpoints.
    private let judged: (url: HTTPURL, callbackGuard: @Sendable () -> CallbackGuard)?
    private var content: @Sendable (DeliveryJob) throws -> MailContent
    /// What a mail about several deliveries says.
    private var digest: (@Sendable (_ jobs: [DeliveryJob], _ digest: DeliveryJob) throws -> MailContent)?

    /// - Parameters:
    ///   - givesUpWhenUnclear: Whether a mail that may have arrived is not sent again.
    ///   - callbackGuard: The guard as it is configured now, asked before each mail; `nil` for the operator's own endpoints.
    ///   - records: Keeps who of several recipients has the mail of an event; `nil` forgets.
    ///   - evidence: What a success proves.
    ///   - content: What a delivery's mail says; what it throws is shown to people, and nothing is sent.
    /// - Throws: ``InvalidDestination`` when the guard could not judge the server's name.
    package init(
        _ options: MailOptions, of endpoint: Endpoint, givesUpWhenUnclear: Bool, transport: any MailTransport,
        callbackGuard: (@Sendable () -> CallbackGuard)?, records: (any SinkStore)?, evidence: SinkEvidence, time: any TimeSource,
        content: @escaping @Sendable (DeliveryJob) throws -> MailContent
    ) throws(InvalidDestination) {
        self.options = options
        self.endpoint = endpoint.name
        self.givesUpWhenUnclear = givesUpWhenUnclear
        self.transport = transport
        self.time = time
        self.records = records
        self.evidence = evidence
        self.content = content
        // Servers greet late on purpose, so connecting may take all of the time.
        limits = TransferLimits(connect: endpoint.timeout, total: endpoint.timeout, headerBytes: Self.maximumAnswerBytes)
        judged = try callbackGuard.map { callbackGuard throws(InvalidDestination) in (try Self.url(of: options.server), callbackGuard) }
    }

    /// The destination of an endpoint whose preset goes by SMTP.
    ///
    /// - Throws: ``InvalidDestination`` when its parameters make no mail.
    package init(
        _ composer: PresetComposer, of endpoint: Endpoint, records: (any SinkStore)?, transport: any MailTransport,
        callbackGuard: (@Sendable () -> CallbackGuard)?, time: any TimeSource
    ) throws(InvalidDestination) {
        var parameters: [String: Secret] = [:]
        for parameter in composer.preset.allParameters { parameters[parameter.name] = composer.parameter(parameter.name) }
        // Who may make endpoints by the API has no business with the files of this machine.
        if endpoint.origin != .configuration, parameters["ca_path"] != nil {
            throw .mail("'ca_path' is for endpoints of the configuration file")
        }
        try self.init(
            try MailOptions(parameters: parameters), of: endpoint,
            givesUpWhenUnclear: composer.parameter("on_ambiguous")?.reveal() == "give_up", transport: transport,
            callbackGuard: callbackGuard, records: records,
            evidence: SinkEvidence(proof: composer.preset.proof, protection: composer.preset.identity), time: time
        ) { try MailContent(fields: try composer.fields(of: $0)) }
        digest = { jobs, digest in
            var composer = composer
            composer.digest = jobs
            return try MailContent(fields: try composer.fields(of: digest))
        }
    }

    package var needsResponse: Bool { true }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let content: MailContent
        do {
            content = try self.content(job)
        } catch {
            return AttemptReport(error: .unrenderable, detail: "\(error)", verdict: .unrenderable, sink: evidence)
        }
        let policy: TransferAddressPolicy?
        do {
            policy = try addressPolicy()
        } catch {
            return AttemptReport(error: .addressRefused, detail: error.reason, operatorDetail: error.detail, sink: evidence)
        }
        let served: [String]
        do {
            served = try await self.served(by: job.event)
        } catch {
            return AttemptReport(error: .internalTrouble, detail: "who has the mail already cannot be read: \(error)", sink: evidence)
        }
        let recipients = options.to.filter { !served.contains(Self.mark(of: $0)) }
        guard !recipients.isEmpty else {
            return AttemptReport(detail: "it was sent by an earlier attempt", verdict: .delivered, sink: evidence)
        }
        let results = await send(content, about: job.event, to: recipients, policy, served: served)
        return AttemptReport(
            results, served: options.to.count - recipients.count, givesUpWhenUnclear: givesUpWhenUnclear, evidence: evidence)
    }

    package func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport {
        guard let digest else {
            return AttemptReport(error: .unrenderable, detail: "this mail is about one event", verdict: .unrenderable, sink: evidence)
        }
        var destination = self
        destination.content = { try digest(jobs, $0) }
        // Who has it is on record under the first one's watch.
        return await destination.attempt(DeliveryJob(digestOf: jobs, watch: jobs.first?.event.watch), number: 1, startedAt: startedAt)
    }

    private func send(
        _ content: MailContent, about event: Event, to recipients: [MailAddress], _ policy: TransferAddressPolicy?, served: [String]
    ) async -> [MailResult] {
        await withTaskGroup(of: (Int, MailResult).self) { group in
            for (index, recipient) in recipients.enumerated() {
                let mail = MailTransfer(
                    server: options.server, sender: options.from.spec, recipient: recipient.spec,
                    message: message(content, about: event, to: recipient).bytes, limits: limits,
                    trust: TransferTrust(caFile: options.caFile), addressPolicy: policy)
                group.addTask { (index, MailResult(recipient: recipient.spec, outcome: await transport.send(mail))) }
            }
            var served = served
            var results: [(index: Int, result: MailResult)] = []
            for await (index, result) in group {
                results.append((index, result))
                guard result.outcome.failure == nil else { continue }
                served.append(Self.mark(of: recipients[index]))
                await keep(served, of: event)
            }
            return results.sorted { $0.index < $1.index }.map(\.result)
        }
    }

    // MARK: Who has the mail

    /// What a recipient is called on record.
    static func mark(of recipient: MailAddress) -> String {
        MailMessageID.hash(of: ["recipient", recipient.spec])
    }

    private func served(by event: Event) async throws(StoreError) -> [String] {
        guard options.to.count > 1, let watch = event.watch else { return [] }
        let record = try await records?.sinkRecord(of: watch, at: endpoint)
        return record?.event == event.id ? record?.steps ?? [] : []
    }

    private func keep(_ served: [String], of event: Event) async {
        guard options.to.count > 1, let watch = event.watch else { return }
        // What could not be kept is sent twice, should another recipient make a retry necessary: at least once is the promise.
        try? await records?.keep(
            SinkRecord(endpoint: endpoint, watch: watch, event: event.id, steps: served, captured: [:]), now: time.wallNow)
    }

    // MARK: The mail

    private func message(_ content: MailContent, about event: Event, to recipient: MailAddress) -> MailMessage {
        let subject = event.response?.rawValue ?? event.id.rawValue
        let status = event.type.rawValue.split(separator: ".").last.map(String.init) ?? ""
        let hash = MailMessageID.hash(of: [endpoint.rawValue, event.id.rawValue, recipient.spec])
        return MailMessage(
            from: options.from, to: recipient, subject: content.subject, date: event.createdAt,
            id: MailMessageID([subject, status, hash], domain: options.from.domain),
            thread: event.response.map { MailMessageID([$0.rawValue], domain: options.from.domain) },
            text: content.text, html: content.html)
    }

    // MARK: The guard

    /// The guard knows URLs; a mail server is judged like one at the same place.
    private static func url(of server: MailServer) throws(InvalidDestination) -> HTTPURL {
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        do {
            return try HTTPURL(validating: "\(server.security == .none ? "http" : "https")://\(host):\(server.port)")
        } catch {
            throw .mail("'host' is not a name or an address: \(error)")
        }
    }

    private func addressPolicy() throws(GuardRefusal) -> TransferAddressPolicy? {
        guard let judged else { return nil }
        let callbackGuard = judged.callbackGuard()
        if let refusal = callbackGuard.judge(judged.url) { throw refusal }
        return TransferAddressPolicy(callbackGuard, for: judged.url)
    }
}
