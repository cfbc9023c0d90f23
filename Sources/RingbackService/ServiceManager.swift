import CLinux

/// Tells systemd how the service is: sd_notify(3). Silent when nobody asked (`NOTIFY_SOCKET` is unset).
package struct ServiceManager: Sendable {
    package enum State: String, Sendable {
        case ready = "READY=1"
        case stopping = "STOPPING=1"
        case alive = "WATCHDOG=1"
    }

    private let socket: String?

    package init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"]
    }

    /// - Returns: Whether the message went out; `true` also when nobody asked.
    package func tell(_ state: State) -> Bool {
        guard let socket else { return true }
        // All texts are lent for the duration of the call; the function keeps neither.
        return unsafe ringback_notify_service_manager(socket, state.rawValue) == 0
    }
}
