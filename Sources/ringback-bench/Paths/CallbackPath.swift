import AddressGuard
import Curl
import Delivering
import Destinations
import RingbackCore
import Store
import WebhookSignature

/// Callbacks to one receiver over one connection, one after the other.
enum CallbackPath {
    static func run(_ count: Int, hook: String) async throws {
        let time = SystemTime()
        let transport = try CurlTransport(options: CurlTransportOptions(name: "paths"))
        let endpoint = Endpoint(
            name: EndpointName(trusted: "hook"), origin: .configuration,
            target: .webhook(WebhookTarget(url: hook, secrets: [SigningSecret(SigningKey.generate())])))
        let destination = try DestinationFactory.make(
            endpoint, in: DestinationFactory.Surroundings(transport: transport, callbackGuard: { CallbackGuard() }, time: time))
        for number in 0..<count {
            let report = await destination.attempt(job(number, for: endpoint.name, at: time.wallNow), number: 1, startedAt: time.wallNow)
            guard report.error == nil else { throw BenchError("a callback failed: \(report.detail ?? "for no reason that is told")") }
        }
    }

    private static func job(_ number: Int, for endpoint: EndpointName, at now: Timestamp) -> DeliveryJob {
        let response = ResponseID(trusted: ResponseName.id(of: number))
        let upstream = UpstreamName(trusted: "default")
        let event = Event(
            id: EventID(upstream: upstream, response: response, type: .responseCompleted), type: .responseCompleted, createdAt: now,
            watch: WatchID(upstream: upstream, response: response), upstream: upstream, response: response,
            data: Array("{\"id\":\"\(response)\"}".utf8))
        let delivery = Delivery(
            id: DeliveryID(event: event.id, endpoint: endpoint), event: event.id, eventType: event.type, endpoint: endpoint,
            watch: event.watch, response: response, status: .delivering, attempts: 0, attemptsInAll: 0, nextAttemptAt: nil, deadReason: nil,
            createdAt: now, deliveredAt: nil, updatedAt: now)
        return DeliveryJob(
            delivery: delivery, lease: Lease(node: NodeID("bench"), epoch: 1), leasedUntil: now + .seconds(60), event: event,
            response: nil, metadata: [:], callback: nil)
    }
}
