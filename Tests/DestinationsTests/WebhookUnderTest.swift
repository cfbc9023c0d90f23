import AddressGuard
import Curl
import Delivering
import Destinations
import RingbackCore
import RingbackTesting
import Store
import Transport

/// A webhook as the sender would use it.
enum WebhookUnderTest {
    static func destination(
        _ url: String, _ transport: any Transport, origin: Endpoint.Origin = .configuration,
        callbackGuard: CallbackGuard = CallbackGuard(), timeout: Duration = .seconds(15),
        time: any TimeSource = ManualTime(),
        change: (inout WebhookTarget) -> Void = { _ in }
    ) throws -> any Destination {
        var target = WebhookTarget(url: url, secrets: [])
        change(&target)
        let endpoint = Endpoint(name: EndpointName(trusted: "app"), origin: origin, target: .webhook(target), timeout: timeout)
        return try DestinationFactory.make(
            endpoint, in: DestinationFactory.Surroundings(transport: transport, callbackGuard: { callbackGuard }, time: time))
    }

    /// Lends a webhook that is carried by libcurl.
    static func with<Result>(
        url: String, timeout: Duration = .seconds(15), change: (inout WebhookTarget) -> Void = { _ in },
        _ body: (any Destination) async throws -> Result
    ) async throws -> Result {
        let transport = try CurlTransport()
        do {
            let result = try await body(try destination(url, transport, timeout: timeout, change: change))
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// One attempt through libcurl.
    static func attempt(
        _ job: DeliveryJob, url: String, timeout: Duration = .seconds(15), at startedAt: Timestamp = Timestamp(unixSeconds: 1_795_414_400),
        change: (inout WebhookTarget) -> Void = { _ in }
    ) async throws -> AttemptReport {
        try await with(url: url, timeout: timeout, change: change) { await $0.attempt(job, number: 1, startedAt: startedAt) }
    }
}
