package import RingbackCore

/// The door through which a new event's deliveries reach this node's sender without a second round trip to the store.
///
/// A place is reserved before the transaction; the deliveries for which there was one are born leased and handed over after it.
/// Nothing depends on the handover: a job that gets lost here is claimed from the store when its lease ends.
package protocol DeliveryIntake: Sendable {
    /// Reserves one place to send to `endpoint` at once.
    ///
    /// - Returns: The lease the delivery is to be born with; `nil` when there is no free place: it is then born waiting.
    func reserve(_ endpoint: EndpointName) -> BirthLease?

    /// Gives back reserved places that are not needed because the transaction changed nothing.
    func cancel(_ endpoints: [EndpointName])

    /// Takes over born-leased deliveries; each uses up one reserved place.
    func accept(_ jobs: [DeliveryJob])
}
